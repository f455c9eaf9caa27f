package train

// balance weighs the texts so that the labels of each source count alike, as Config.Balance
// says: a text counts n/(kc) times where its source has n texts with a label, of k labels,
// and c of the text's own. The factors of several heads are multiplied.
func (s *set) balance() {
	type label struct{ source, index int32 }
	weights := make([]float32, len(s.texts))
	for i := range weights {
		weights[i] = s.weight(i)
	}
	for _, t := range s.targets {
		texts, labels := map[int32]float32{}, map[int32]float32{} // by source
		count := map[label]float32{}
		for i, l := range t.Labels {
			if l < 0 {
				continue
			}
			own := label{s.source[i], l}
			if count[own] == 0 {
				labels[s.source[i]]++
			}
			count[own] += s.weight(i)
			texts[s.source[i]] += s.weight(i)
		}
		for i, l := range t.Labels {
			if l >= 0 {
				source := s.source[i]
				weights[i] *= texts[source] / (labels[source] * count[label{source, l}])
			}
		}
	}
	s.weights = weights
}

// weight is how much text i counts.
func (s *set) weight(i int) float32 {
	if s.weights == nil {
		return 1
	}
	return s.weights[i]
}
