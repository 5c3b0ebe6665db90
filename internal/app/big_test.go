package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plumbline/internal/config"
	"plumbline/internal/engine"
	"plumbline/internal/fakecloud"
	"plumbline/internal/fakecloud/bigworld"
)

// The other processes of these tests are this test binary, told by its environment
// what to be: the cloud of a big world, or one diagnosis of it.
const (
	bigCloud     = "PLUMBLINE_TEST_BIG_CLOUD"
	bigDiagnosis = "PLUMBLINE_TEST_BIG_DIAGNOSIS"
)

func TestMain(m *testing.M) {
	var err error
	switch size, at := os.Getenv(bigCloud), os.Getenv(bigDiagnosis); {
	case size != "":
		err = serveBig(size)
	case at != "":
		err = diagnoseBig(at)
	default:
		// Hundreds of worlds stay loaded; collecting garbage around them is costly.
		debug.SetGCPercent(200)
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serveBig serves a world of that many Ingresses with ten pods each until standard
// input ends, then tells which lists of pods it was asked for.
func serveBig(size string) error {
	n, err := strconv.Atoi(size)
	if err != nil {
		return err
	}
	cloud, err := fakecloud.Start(bigworld.World(n, 10), fakecloud.Options{Now: bigworld.Now()})
	if err != nil {
		return err
	}
	defer cloud.Close()
	fmt.Println(cloud.HTTP())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	for _, r := range cloud.Requests() {
		if path, _, _ := strings.Cut(r.Path, "?"); strings.HasSuffix(path, "/pods") {
			fmt.Println(path)
		}
	}
	return nil
}

// A bigOutcome is what the diagnosing process tells of itself.
type bigOutcome struct {
	Verdict       engine.Verdict
	Calls, Rounds int
	Milliseconds  int64
	// PeakKB is VmHWM: the most memory that was resident at any moment.
	PeakKB int
}

// diagnoseBig diagnoses one Ingress of the cloud at this address.
func diagnoseBig(at string) error {
	cfg, err := config.Load(nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cfg.CallTimeout = time.Minute
	a, err := OpenManual(ctx, cfg, at, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer a.Close() //nolint:errcheck // nothing was written
	began := time.Now()
	m, err := a.DiagnoseNow(ctx, bigworld.Target(3))
	if err != nil {
		return err
	}
	out := bigOutcome{Verdict: m.Diagnoses[0].Verdict, Calls: m.Timing.Calls, Rounds: m.Timing.Rounds, Milliseconds: time.Since(began).Milliseconds()}
	if out.PeakKB, err = peakKB(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

var vmHWM = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB`)

func peakKB() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	found := vmHWM.FindSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("/proc/self/status has no VmHWM")
	}
	return strconv.Atoi(string(found[1]))
}

// A process is this binary in another role.
func otherProcess(tb testing.TB, setting string) *exec.Cmd {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{setting, "HOME=" + tb.TempDir(), "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = os.Stderr
	return cmd
}

// bigCloudOf starts the cloud of a big world; end stops it and returns which lists of
// pods it was asked for.
func bigCloudOf(tb testing.TB, ingresses int) (url string, end func() []string) {
	tb.Helper()
	cmd := otherProcess(tb, fmt.Sprintf("%s=%d", bigCloud, ingresses))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		tb.Fatal("the cloud of the big world didn't start")
	}
	url = lines.Text()
	return url, func() (pods []string) {
		_ = stdin.Close()
		for lines.Scan() {
			pods = append(pods, lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			tb.Error(err)
		}
		return pods
	}
}

func bigDiagnosisOf(tb testing.TB, url string) (out bigOutcome) {
	tb.Helper()
	text, err := otherProcess(tb, bigDiagnosis+"="+url).Output()
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	return out
}

// maxPeakKB is the promise for a cluster of 500 Ingresses and 5,000 pods: 200 MB
// resident, in the worst moment.
const maxPeakKB = 200 * 1000

// TestABigClusterIsReadWithinItsMemory: one diagnosis in a cluster of 500 Ingresses and
// 5,000 pods of 12 kB lists pods only in the namespace that it involves.
func TestABigClusterIsReadWithinItsMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the big world takes some seconds to make")
	}
	url, end := bigCloudOf(t, 500)
	out := bigDiagnosisOf(t, url)
	pods := end()
	if out.Verdict != engine.Healthy || out.Rounds > 4 {
		t.Errorf("got %+v, want healthy in at most 4 rounds", out)
	}
	if out.PeakKB > maxPeakKB {
		t.Errorf("%d kB were resident, the promise is %d", out.PeakKB, maxPeakKB)
	}
	namespaced := regexp.MustCompile(`^/api/v1/namespaces/[^/]+/pods$`)
	if len(pods) == 0 || slices.ContainsFunc(pods, func(path string) bool { return !namespaced.MatchString(path) }) || len(slices.Compact(pods)) != 1 {
		t.Errorf("lists of pods: %v, want those of one namespace", pods)
	}
	t.Logf("%+v", out)
}

// BenchmarkClusterSize shows how time and memory of one diagnosis grow with the
// cluster; the cloud runs in another process, and so does each diagnosis.
func BenchmarkClusterSize(b *testing.B) {
	for _, ingresses := range []int{5, 50, 500} {
		b.Run(fmt.Sprintf("ingresses=%d", ingresses), func(b *testing.B) {
			url, end := bigCloudOf(b, ingresses)
			defer end()
			bigDiagnosisOf(b, url) // the cloud encodes its objects once
			var peak, ms, calls float64
			n := 0
			for b.Loop() {
				out := bigDiagnosisOf(b, url)
				peak, ms, calls = max(peak, float64(out.PeakKB)/1000), ms+float64(out.Milliseconds), float64(out.Calls)
				n++
			}
			b.ReportMetric(peak, "peak-MB")
			b.ReportMetric(ms/float64(n), "ms/diagnosis")
			b.ReportMetric(calls, "calls")
		})
	}
}
