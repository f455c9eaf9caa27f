package evaluate

import "math"

// setCounts fills s and, label by label, per with the metrics that follow from the
// confusion matrix m [C][C] (rows gold, columns predicted). It leaves the names of
// per alone. The macro averages are over all labels, or over the labels that some
// row has or was given.
func setCounts(m []int, onlySeen bool, s *Scores, per []LabelScores) {
	c := len(per)
	for k := range per {
		per[k].Support, per[k].Predicted = 0, 0
	}
	n := 0
	for g := range c {
		for p, v := range m[g*c : (g+1)*c] {
			per[g].Support += v
			per[p].Predicted += v
			n += v
		}
	}
	*s = Scores{}
	correct, withSupport := 0, 0
	var chance, goldSq, predSq float64 // sums of support*predicted, support^2, predicted^2
	for k := range per {
		l := &per[k]
		tp := m[k*c+k]
		l.setRatios(tp, n)
		if l.Support > 0 {
			s.BalancedAccuracy += l.Recall
			withSupport++
		}
		correct += tp
		chance += float64(l.Support) * float64(l.Predicted)
		goldSq += float64(l.Support) * float64(l.Support)
		predSq += float64(l.Predicted) * float64(l.Predicted)
	}
	s.setAverages(per, onlySeen)
	total := float64(n)
	s.Accuracy = ratio(correct, n)
	s.MicroPrecision, s.MicroRecall, s.MicroF1 = s.Accuracy, s.Accuracy, s.Accuracy
	s.BalancedAccuracy /= Score(withSupport)
	s.MCC = mcc(float64(correct)*total-chance, total*total-goldSq, total*total-predSq)
	s.CohenKappa = Score(1 - (total-float64(correct))/(total-chance/total)) // 0/0 where one label is all
	nan := undefined()
	s.SamplesPrecision, s.SamplesRecall, s.SamplesF1, s.HammingLoss = nan, nan, nan, nan
}

// setRatios fills the metrics that follow from Support, Predicted, the true
// positives and the number of rows.
func (l *LabelScores) setRatios(tp, n int) {
	tn := n - l.Support - l.Predicted + tp
	l.Precision = ratio(tp, l.Predicted)
	l.Recall = ratio(tp, l.Support)
	l.F1 = ratio(2*tp, l.Support+l.Predicted)
	l.Specificity = ratio(tn, n-l.Support)
	l.NPV = ratio(tn, n-l.Predicted)
}

// setAverages fills the macro and weighted averages, which must be 0 before.
func (s *Scores) setAverages(per []LabelScores, onlySeen bool) {
	labels, support := 0, 0
	for k := range per {
		l := &per[k]
		if onlySeen && l.Support == 0 && l.Predicted == 0 {
			continue
		}
		labels++
		support += l.Support
		w := Score(l.Support)
		s.MacroPrecision += l.Precision
		s.MacroRecall += l.Recall
		s.MacroF1 += l.F1
		s.WeightedPrecision += w * l.Precision
		s.WeightedRecall += w * l.Recall
		s.WeightedF1 += w * l.F1
	}
	s.MacroPrecision /= Score(labels)
	s.MacroRecall /= Score(labels)
	s.MacroF1 /= Score(labels)
	if support > 0 {
		s.WeightedPrecision /= Score(support)
		s.WeightedRecall /= Score(support)
		s.WeightedF1 /= Score(support)
	}
}

// mcc is the correlation cov/sqrt(varGold*varPred), 0 if either has no variance.
func mcc(cov, varGold, varPred float64) Score {
	if varGold == 0 || varPred == 0 {
		return 0
	}
	return Score(cov / (math.Sqrt(varGold) * math.Sqrt(varPred)))
}

// ratio is a/b, and 0 for b = 0.
func ratio(a, b int) Score {
	if b == 0 {
		return 0
	}
	return Score(float64(a) / float64(b))
}
