package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/textlstm/textlstm/device"
	"github.com/textlstm/textlstm/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sentiment-device": main})
}

// The scripts in testdata/script see the library of the first device as $DEVICE, which is
// empty where there is none, and the directory of compiled kernels as $CACHE.
func TestScripts(t *testing.T) {
	env := map[string]string{"DEVICE": ""}
	if list, err := device.List(); err == nil {
		env["DEVICE"], _, _ = strings.Cut(list[0].Name(), ":")
	}
	env["CACHE"], _ = os.UserCacheDir() // without one they are compiled in every process
	clitest.Scripts(t, env, nil)
}
