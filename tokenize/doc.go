// Package tokenize splits text into tokens that remember where they came from.
//
// # Pipelines
//
// A [Pipeline] is data: [Parse] reads it from a spec, [Pipeline.String] prints
// it, and a model stores it, so that training and prediction cannot drift apart.
// A spec is a list of stages, each a name and perhaps arguments:
//
//	html|words|lower|stem:en|max:400
//
// First come the stages that prepare the text (they may be written anywhere, and
// are printed first), then at most one segmenter (words, if there is none), then
// any filters in the order in which they are to work.
//
// Two stages need models that a program has only by importing package
// tokenize/prose for its side effects. Without it Parse refuses them.
//
// Preparation:
//
//	maxbytes:N     reads no more than N bytes of a text
//	html           takes out tags and comments, decodes entities; script and style go with their contents
//	unify          writes in one way what Unicode can write in several: composed letters (NFC), plain ones for
//	               styled, full-width and ligature ones (NFKC), one apostrophe for ' ’ ‘ ‛ ʼ ` ´ ′; drops soft
//	               hyphens, zero-width spaces and other default-ignorable characters, but for those of emoji
//	lang:L         says what language texts are in: stem and stop may then do without an argument
//	lang:auto      finds the language of each text; lang:auto:en,fr chooses among some
//
// Segmenters:
//
//	words          words by the rules below
//	treebank       words as the Penn Treebank has them (English; slower); needs package tokenize/prose
//	fields         runs of anything but white space; fields:ascii, but the white space of ASCII
//	runes          characters that are not white space; runes:all, all characters
//	chars:N        runs of N characters within each field; chars:N-M, of N to M
//
// Filters of one token at a time. Emoji keep their form in all but the first two:
//
//	drop:K,K       drops tokens of the kinds K: word, number, char, punct, symbol, emoji, url, email, mention, hashtag
//	emoji          makes an emoji the words of its English name, grinning face; skin tones count for nothing;
//	               emoticons, and emoji that are younger than 2018, stay
//	contractions   splits negations written without the apostrophe as if they had it: dont, do|n't
//	lower:ascii    lower case of the letters of ASCII alone, also in emoticons
//	depunct        takes out the punctuation of ASCII, !"#$%&'()*+,-./:;<=>?@[\]^_`{|}~: don't, dont
//	lower, fold    lower case; Unicode's case folding, which also makes ß ss
//	nfc, nfkc      Unicode's normal forms; nfkc also undoes ligatures and full-width letters
//	accents        takes the marks off Latin, Greek and Cyrillic letters
//	quotes         makes curly quotation marks and apostrophes straight
//	elision        cuts off elided words of French and Italian: l'amour, amour
//	elongate       soooo, soo
//	repeat         !!!! is !!, ?!?! is ?!, .... is ..., :-)))) is :-))
//	numbers        numbers are <num>, but not ratings such as 8/10
//	urls           URLs are <url>, e-mail addresses <email>
//	mentions       @someone is <user>
//	hashtags       #something is something
//	camel          a hashtag of several words is those: #BestDayEver, Best Day Ever; to be followed by lower
//	caps           puts <caps> before a word in CAPITALS; to be followed by lower
//	stop:L         drops the stop words of a language; words that negate are not among them
//	stem:L         Snowball stems, in lower case, of en, es, fr, hu, no, ru or sv
//
// Filters of all tokens together:
//
//	neg, neg:N     marks the words after a negation, NOT_good, up to the end of the clause or N words on
//	pos:P,P        keeps words of the parts of speech P (noun, verb, adj, adv, pron, det, prep, conj, num, interj),
//	               negators, and what is no word (English; slow; needs package tokenize/prose)
//	cjk, cjk:2     adds the pairs of neighbouring characters of Han, kana, Thai ...; keeps the pairs alone
//	ngrams:N       adds the runs of 2 to N tokens, joined by _
//	pad:N          adds tokens that stand for none until there are N; pad:N:head before the others
//	max:N          keeps the first N tokens; max:N:tail the last; max:N+M the first N and the last M
//
// # Words
//
// The segmenter words follows UAX #29, with these departures for text as people
// write it:
//
//   - URLs, host names, e-mail addresses, @mentions, #hashtags, emoji (flags, keycaps
//     and whole families), emoticons and :shortcodes: are single tokens.
//   - Contractions are split as in the Penn Treebank: do|n't, it|'s. A negation is then
//     one token whatever its verb, and text that comes split (as many corpora do)
//     gives the same tokens. Other inner apostrophes join: o'clock.
//   - A full stop or colon between letters parts them (a missing space is more
//     likely than anything else), except in acronyms (U.S., e.g.) and host names.
//   - Numbers may have a slash: 8/10 is a rating and one token.
//   - A run of one punctuation mark is one token; so is any mixture of ! and ?.
//   - White space, controls and invisible format characters are between tokens.
//     Format characters within a word stay in it.
//
// Every other byte of the text is in exactly one token.
//
// # Offsets
//
// source[Start:End] is what a token was made from, for every pipeline: filters
// change a token's Text and never its offsets. Tokens come in order of Start;
// those of ngrams, cjk and chars overlap, a <caps> lies on its word, and the words
// of one emoji or contraction on each other.
//
// # Speed
//
// An [Encoder] goes from text to vocabulary IDs with one look-up for a word seen
// before, whatever the filters. Time is linear in the length of a text, and
// caches are bounded, whatever the text. Pipelines are safe for concurrent use;
// Encoders are not.
package tokenize
