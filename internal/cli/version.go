package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/textlstm/textlstm/internal/par"
	"github.com/textlstm/textlstm/internal/vec"
)

// Version is set by release builds that know better than the build info.
var Version string

func newVersion() *cobra.Command {
	var asJSON, verbose bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Version prints the version and the kernels in use. With --verbose it also says how fast this
machine multiplies, as an LSTM of 128 units does with 32 texts: in half a second, best of
many, on one processor and on all.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			info, line := versionInfo(), versionLine(cmd.Root().Name())
			if verbose {
				cores := runtime.GOMAXPROCS(0)
				one, all := gflops(1), gflops(cores)
				info["kernel_int8"], info["processors"] = vec.Kernel8(), fmt.Sprint(cores)
				info["gflops_one"], info["gflops_all"] = fmt.Sprintf("%.1f", one), fmt.Sprintf("%.1f", all)
				line += fmt.Sprintf("\nkernels     %s, of eight bits %s\nprocessors  %d of %d\nproducts    %.1f GFLOP/s on one processor, %.1f on %d",
					vec.Kernel(), vec.Kernel8(), cores, runtime.NumCPU(), one, all, cores)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(info)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), line)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "measure how fast this machine multiplies")
	return cmd
}

// gflops is the rate of products on so many processors, 10^9 operations a second: the best
// of what a quarter of a second allows, as others may compute meanwhile.
func gflops(workers int) float64 {
	const m, k, n, products = 32, 128, 512, 8
	var w vec.Packed
	w.Pack(k, n, make([]float32, k*n), n)
	a, c := make([]float32, m*k), make([][]float32, workers)
	for i := range c {
		c[i] = make([]float32, m*n)
	}
	best := time.Duration(math.MaxInt64)
	for begin := time.Now(); time.Since(begin) < time.Second/4; {
		start := time.Now()
		par.For(workers, workers, func(i int) {
			for range products {
				vec.MatMul(m, a, k, &w, 0, c[i], n)
			}
		})
		best = min(best, time.Since(start))
	}
	return 2 * m * k * n * products * float64(workers) / float64(best.Nanoseconds())
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
