package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/vec"
)

// Version is set by release builds that know better than the build info.
var Version string

func newVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(versionInfo())
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionLine(cmd.Root().Name()))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func versionInfo() map[string]string {
	info := map[string]string{
		"version": Version, "go": runtime.Version(),
		"platform": runtime.GOOS + "/" + runtime.GOARCH, "kernel": vec.Kernel(),
	}
	if b, ok := debug.ReadBuildInfo(); ok {
		if info["version"] == "" {
			info["version"] = b.Main.Version
		}
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.time" || s.Key == "vcs.modified" {
				info[s.Key[len("vcs."):]] = s.Value
			}
		}
	}
	return info
}

func versionLine(command string) string {
	info := versionInfo()
	return fmt.Sprintf("%s %s %s %s, %s kernels", command, info["version"], info["platform"], info["go"], info["kernel"])
}
