package recipe

import (
	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/corpora"
)

// ReadForStudent reads what a student learns from: files of texts with labels of the
// teacher's heads, and files of texts without labels. It sets a share of the texts
// aside, at most DevTexts, to measure how often the two agree.
func ReadForStudent(opts corpora.Options, teacher *classify.Model, labelled, texts []string, share float64, seed uint64) (data, held *corpora.Dataset, err error) {
	all := new(corpora.Dataset)
	if len(labelled) > 0 {
		if all, err = ReadSources(opts, "", Files(labelled...), seed); err != nil {
			return nil, nil, err
		}
		for _, name := range all.Heads {
			if teacher.Head(name) < 0 {
				return nil, nil, errorf("--train: the teacher has no head %q: name one of its heads, --head NAME=COLUMN", name)
			}
		}
	}
	if len(texts) > 0 {
		opts.Unlabelled = true
		more, err := ReadSources(opts, "", Files(texts...), seed)
		if err != nil {
			return nil, nil, err
		}
		if err := all.Append(more); err != nil {
			return nil, nil, err
		}
	}
	return SetAside(all, min(share, DevTexts/float64(max(all.Len(), 1))), seed)
}
