package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"plumbline/internal/app"
	"plumbline/internal/cause"
)

func causesCommand(stdout io.Writer) *cobra.Command {
	var permissions bool
	cmd := &cobra.Command{
		Use:   "causes [ID]",
		Short: "List what Plumbline can find, or print the page of one cause",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.MaximumNArgs(1)(cmd, args); err != nil {
				return &usageError{err}
			}
			if permissions && len(args) > 0 {
				return &usageError{fmt.Errorf("causes: --permissions is of all causes, and takes no ID")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case permissions:
				_, err := fmt.Fprintln(stdout, strings.Join(app.Permissions(), "\n"))
				return err
			case len(args) == 1:
				page, err := app.CausePage(args[0])
				if err != nil {
					return &usageError{fmt.Errorf("%w; plumbline causes lists them", err)}
				}
				_, err = io.WriteString(stdout, page)
				return err
			}
			return listCauses(stdout, app.Catalogue())
		},
	}
	cmd.Flags().BoolVar(&permissions, "permissions", false, "print the permissions that all causes together need, one a line")
	return cmd
}

func listCauses(w io.Writer, all []cause.Cause) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range all {
		title := c.Title
		if c.Note {
			title += " (note)"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\n", c.ID, title); err != nil {
			return err
		}
	}
	return table.Flush()
}
