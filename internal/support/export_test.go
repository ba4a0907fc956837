package support

// Inert is inert, for the tests beside this package.
func Inert(s string) string { return inert(s) }
