package text

import (
	"strconv"
	"strings"
)

// names writes a list of names. Neighbours that begin alike up to an underscore
// share that beginning, "tcp_{src,dst}", and names that count up are written as
// "reg0...reg15".
func (w *printer) names(list []string, separator string) *printer {
	for i := 0; i < len(list); {
		if i > 0 {
			w.str(separator)
		}
		if n := countUp(list[i:]); n >= minCountUp {
			w.str(list[i]).str("...").str(list[i+n-1])
			i += n
			continue
		}
		prefix, n := sharedPrefix(list[i:])
		if n < 2 {
			w.str(list[i])
			i++
			continue
		}
		rests := make([]string, n)
		for j := range rests {
			rests[j] = list[i+j][len(prefix):]
		}
		w.str(prefix).byte('{').names(rests, ",").byte('}')
		i += n
	}
	return w
}

// minCountUp is the least number of names that are abbreviated as a sequence.
const minCountUp = 2

// countUp is how many names, from the first on, are the same but for a number at
// their ends that goes up by one.
func countUp(list []string) int {
	stem := strings.TrimRight(list[0], "0123456789")
	first, err := strconv.Atoi(list[0][len(stem):])
	if err != nil || stem == "" {
		return 1
	}
	n := 1
	for n < len(list) && list[n] == stem+strconv.Itoa(first+n) {
		n++
	}
	return n
}

// sharedPrefix is what the first name has up to its first underscore, and how
// many names have the same.
func sharedPrefix(list []string) (prefix string, n int) {
	end := strings.IndexByte(list[0], '_') + 1
	if end == 0 {
		return "", 1
	}
	prefix = list[0][:end]
	for n < len(list) && strings.HasPrefix(list[n], prefix) {
		n++
	}
	return prefix, n
}
