package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/internal/app"
	"plumbline/internal/config"
	"plumbline/internal/facts"
	"plumbline/internal/telemetry"
)

// errFindings: the run went well and something is wrong; it only sets the exit
// status.
var errFindings = errors.New("something is wrong with the target")

type diagnoseFlags struct {
	project, location, cluster string
	format, cloud              string
	probe                      bool
}

func diagnoseCommand(stdout, stderr io.Writer, environ []string) *cobra.Command {
	var f diagnoseFlags
	cmd := &cobra.Command{
		Use:   "diagnose --project P [--location L --cluster C] TARGET",
		Short: "Diagnose one load balancer now",
		Long: `Diagnose reads the cloud once and says what is wrong with the target, if anything.
It only reads, with the application default credentials, and posts nothing.

TARGET is
  ingress/NAMESPACE/NAME, gateway/NAMESPACE/NAME, service/NAMESPACE/NAME, or
  cluster: everything that GKE's controllers serve in it;
outside clusters, with --project alone,
  backendservice/global/NAME, backendservice/regions/REGION/NAME,
  certificate/global/NAME or certificate/regions/REGION/NAME.

Exit status: 0 nothing is wrong; 3 something is; 1 it couldn't be told, since
nothing could be read; 2 usage.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{errors.New("diagnose: name one target, such as ingress/shop/storefront")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return diagnose(cmd.Context(), f, args[0], stdout, stderr, environ)
		},
	}
	cmd.Flags().StringVar(&f.project, "project", "", "the Google Cloud project")
	cmd.Flags().StringVar(&f.location, "location", "", "the cluster's region or zone")
	cmd.Flags().StringVar(&f.cluster, "cluster", "", "the cluster's name")
	cmd.Flags().StringVar(&f.format, "format", "text", "text, json or markdown")
	cmd.Flags().BoolVar(&f.probe, "probe", false, "allow the active probe: a GET to a pod through the API server")
	cmd.Flags().StringVar(&f.cloud, "cloud", "", "the address of a fake cloud that `plumbline serve --cloud` serves, instead of Google's")
	return cmd
}

func diagnose(ctx context.Context, f diagnoseFlags, target string, stdout, stderr io.Writer, environ []string) error {
	ref, err := f.ref(target)
	if err != nil {
		return &usageError{err}
	}
	write, ok := app.DiagnosisFormats()[f.format]
	if !ok {
		return &usageError{fmt.Errorf("diagnose: --format %q: want text, json or markdown", f.format)}
	}
	cfg, err := config.Load(environ)
	if err != nil {
		return &usageError{fmt.Errorf("the configuration has mistakes:\n%w", err)}
	}
	cfg.Probe = cfg.Probe || f.probe
	a, err := app.OpenManual(ctx, cfg, f.cloud, telemetry.NewLogger(stderr, cfg.LogLevel))
	if err != nil {
		return err
	}
	defer a.Close() //nolint:errcheck // nothing was written
	ctx, cancel := context.WithTimeout(ctx, cfg.Deadline)
	defer cancel()
	found, err := a.DiagnoseNow(ctx, ref)
	if writeErr := write(stdout, found); writeErr != nil {
		return fmt.Errorf("writing the diagnosis: %w", writeErr)
	}
	switch {
	case err != nil:
		return fmt.Errorf("diagnosing %s: %w", target, err)
	case found.Wrong():
		return errFindings
	}
	return nil
}

// ref reads the target. The error says what is wrong with it, and what to write
// instead.
func (f diagnoseFlags) ref(target string) (facts.Ref, error) {
	parts := strings.Split(target, "/")
	kind := strings.ToLower(parts[0])
	if f.project == "" {
		return facts.Ref{}, errors.New("diagnose: --project is missing")
	}
	if kind == "backendservice" || kind == "certificate" {
		return f.outside(target, kind, parts[1:])
	}
	if f.location == "" || f.cluster == "" {
		return facts.Ref{}, fmt.Errorf("diagnose: %s needs --location and --cluster", target)
	}
	cluster := facts.ClusterName(f.project, f.location, f.cluster)
	if kind == "cluster" && len(parts) == 1 {
		return facts.ClusterRef(cluster), nil
	}
	kinds := map[string]string{"ingress": facts.KindIngress, "gateway": facts.KindGateway, "service": facts.KindService}
	if kinds[kind] == "" || len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return facts.Ref{}, fmt.Errorf("diagnose: target %q: want ingress/NAMESPACE/NAME, gateway/NAMESPACE/NAME, service/NAMESPACE/NAME or cluster", target)
	}
	return facts.Ref{Cluster: cluster, Kind: kinds[kind], Namespace: parts[1], Name: parts[2]}, nil
}

func (f diagnoseFlags) outside(target, kind string, scoped []string) (facts.Ref, error) {
	ref := facts.Ref{Project: f.project, Kind: facts.KindBackendService}
	if kind == "certificate" {
		ref.Kind = facts.KindCertificate
	}
	switch {
	case len(scoped) == 2 && scoped[0] == "global" && scoped[1] != "":
		ref.Scope, ref.Name = "global", scoped[1]
	case len(scoped) == 3 && scoped[0] == "regions" && scoped[1] != "" && scoped[2] != "":
		ref.Scope, ref.Name = "regions/"+scoped[1], scoped[2]
	default:
		return facts.Ref{}, fmt.Errorf("diagnose: target %q: want %s/global/NAME or %s/regions/REGION/NAME", target, kind, kind)
	}
	return ref, nil
}
