package rules

import "strings"

// forwards reports whether a script of another program may send letters on: it names
// an action that does, outside its strings and comments (RFC 5228 §2.3, §2.4.2). A
// script it includes cannot be seen from here, and counts as one that may.
func forwards(script string) bool {
	for _, word := range identifiers(script) {
		switch word {
		case "redirect", "notify", "include", "pipe", "execute", "filter", "report":
			return true
		}
	}
	return false
}

// identifiers gives the bare words of a script, in lower case. What it cannot make out
// it reads as words: better one warning too many.
func identifiers(s string) (out []string) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '#':
			i = after(s, i, "\n")
		case strings.HasPrefix(s[i:], "/*"):
			i = after(s, i+2, "*/")
		case c == '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			i++
		case word(c):
			from := i
			for i < len(s) && word(s[i]) {
				i++
			}
			name := strings.ToLower(s[from:i])
			if name == "text" && i < len(s) && s[i] == ':' && (from == 0 || s[from-1] != ':') { // not the tag :text
				i = multiline(s, i)
				continue
			}
			out = append(out, name)
		default:
			i++
		}
	}
	return out
}

// multiline skips "text:" to the line with a single dot.
func multiline(s string, i int) int {
	i = after(s, i, "\n")
	for i < len(s) {
		end := after(s, i, "\n")
		if strings.TrimRight(s[i:end], "\r\n") == "." {
			return end
		}
		i = end
	}
	return i
}

func after(s string, from int, mark string) int {
	if from >= len(s) {
		return len(s)
	}
	if i := strings.Index(s[from:], mark); i >= 0 {
		return from + i + len(mark)
	}
	return len(s)
}

func word(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
