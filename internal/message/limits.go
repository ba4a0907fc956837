package message

// Limits bound what one letter may cost. A zero field takes its default.
type Limits struct {
	Bytes        int // whole letter; more is problem.TooLarge. Default 64 MiB
	Depth        int // nested multiparts and letters. Default 100
	Parts        int // parts in all. Default 1,000
	HeaderBytes  int // kept of one header; the rest is ignored. Default 100 kB
	HeaderFields int // kept of one header. Default 1,000
}

// MaxText is how much decoded text of one part is shown, in bytes of UTF-8.
const MaxText = 1 << 20

const (
	maxAddressBytes = 100_000 // one address list
	maxValueBytes   = 100_000 // one decoded header value
	maxGuesses      = 16      // boundaries guessed in one letter: each costs a second look
)

func (l Limits) orDefault() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Bytes, 64<<20)
	set(&l.Depth, 100)
	set(&l.Parts, 1000)
	set(&l.HeaderBytes, 100_000)
	set(&l.HeaderFields, 1000)
	return l
}
