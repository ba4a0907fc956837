package session

import "strings"

// Agent reduces a User-Agent to what helps to recognise one's own computer:
// "Firefox sur Windows". Nothing the browser wrote is kept.
func Agent(ua string) string {
	browser := pick(ua, [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Chromium/", "Chrome"}, {"Version/", "Safari"}})
	system := pick(ua, [][2]string{{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"}, {"Linux", "Linux"}})
	switch {
	case browser == "" && system == "":
		return "Navigateur inconnu"
	case browser == "":
		return "Navigateur sur " + system
	case system == "":
		return browser
	}
	return browser + " sur " + system
}

func pick(s string, marks [][2]string) string {
	if len(s) > 1024 {
		s = s[:1024]
	}
	for _, m := range marks {
		if strings.Contains(s, m[0]) {
			return m[1]
		}
	}
	return ""
}
