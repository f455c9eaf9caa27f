package tokenize

// detect returns the language of text, among some or all.
func detect(text string, among []Lang) Lang {
	return ""
}
