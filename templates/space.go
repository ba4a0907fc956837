package templates

// Room is how full a mailbox is.
type Room struct {
	Percent int
	Words   string // '4,1 Go sur 5 Go'
}

// full: what one is told in the rail.
func roomSays(r Room) string {
	if r.Percent >= 100 {
		return "Boîte pleine"
	}
	return "Boîte presque pleine" + nbsp + ": " + decimal(r.Percent) + nbsp + "%"
}

// SpaceView is the page that makes room.
type SpaceView struct {
	Page
	Box       string
	BackHref  string
	Action    string // POST; do=old (folder, years), do=empty, then do=erase (choice)
	BulkTo    string // POST: fields do=bin and ref, repeated
	Room      *Room  // nil where the server does not tell
	Folders   []SpaceFolder
	Weighed   bool
	Large     []SpaceLetter
	LargeOver string // '1 Mo'
	Senders   []SpaceSender
	Old       []SpaceOld
	Bin       string // '312 lettres, 1,2 Go', "" when it is empty
	Ask       *EraseAsk
	Late      string // folders not looked through, "" for none
}

// EraseAsk asks before letters are erased for good.
type EraseAsk struct {
	Choice string
	Count  int
}

// SpaceFolder is a folder by its weight.
type SpaceFolder struct {
	Label, Href, Size string
	Messages          int
	Share             int // of the heaviest, 0 to 100
}

// SpaceLetter is a heavy letter.
type SpaceLetter struct{ Ref, Href, Who, Subject, Size, When, Folder string }

// SpaceSender is who sent several.
type SpaceSender struct {
	Who, Size string
	Refs      []string
}

// SpaceOld is the old letters of a folder.
type SpaceOld struct {
	Folder, Label string // opaque id, name
	Years, Count  int
}

func oldSays(o SpaceOld) string {
	return plural(o.Count, "lettre", "lettres") + " de plus de " + decimal(o.Years) + nbsp + "ans dans «" + nbsp + o.Label + nbsp + "»"
}

func toBin(n int) string {
	if n < 2 {
		return "Mettre à la corbeille"
	}
	return "Mettre les " + grouped(n) + " à la corbeille"
}
