package settings

import (
	"encoding/json"
	"strings"
)

// Complete returns what the beginning of a path=value setting may go on to, for the
// completion of a shell: the settings of config, each with its =, or the values of one
// that has a few. Settings of lists of groups are left out: no path leads to them.
func Complete(config any, beginning string) []string {
	var found []string
	path, value, isValue := strings.Cut(beginning, "=")
	for _, k := range Keys(config) {
		switch {
		case strings.Contains(k.Path, "[]"):
		case !isValue && strings.HasPrefix(k.Path, path):
			found = append(found, k.Path+"=")
		case isValue && k.Path == path:
			for _, v := range k.Values {
				if strings.HasPrefix(k.Type, "list") {
					b, _ := json.Marshal([]string{v}) // of a string there is no error
					v = string(b)
				}
				if strings.HasPrefix(v, value) {
					found = append(found, path+"="+v)
				}
			}
		}
	}
	return found
}
