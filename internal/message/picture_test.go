package message

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

// webpExtended is a canvas of w × h pixels and nothing on it.
func webpExtended(w, h uint32) []byte {
	b := []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00")
	for _, n := range []uint32{w - 1, h - 1} {
		b = append(b, byte(n), byte(n>>8), byte(n>>16))
	}
	return b
}

// webpLossless is the header of a lossless picture, 14 bits a side.
func webpLossless(w, h uint32) []byte {
	return binary.LittleEndian.AppendUint32([]byte("RIFF\x12\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f"), (w-1)|(h-1)<<14)
}

// webpLossy is the header of a lossy key frame, 14 bits a side.
func webpLossy(w, h uint16) []byte {
	b := []byte("RIFF\x1e\x00\x00\x00WEBPVP8 \x12\x00\x00\x00\x10\x02\x00\x9d\x01\x2a")
	return append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, w), h), make([]byte, 12)...)
}

func bitmap(w, h int32) []byte {
	b := []byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00")
	b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(w)), uint32(h))
	return append(append(b, 1, 0, 24, 0), make([]byte, 24)...)
}

func pngHead(w, h uint32) []byte {
	d := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	d = append(d, 8, 6, 0, 0, 0)
	return binary.BigEndian.AppendUint32(append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), d...), crc32.ChecksumIEEE(d))
}

// gifOf has a screen of 1 × 1, a comment, and a first frame of w × h.
func gifOf(w, h uint16) []byte {
	b := []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xfe\x03abc\x00\x2c\x00\x00\x00\x00")
	return append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, w), h), 0, 2, 2, 0x4c, 1, 0, 0x3b)
}

func encoded(encode func(io.Writer, image.Image) error) []byte {
	img := image.NewPaletted(image.Rect(0, 0, 31, 17), color.Palette{color.Black, color.White})
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// pictures are small files of every kind, 31 × 17, by the name of the kind.
func pictures() map[string][]byte {
	return map[string][]byte{
		"image/png": encoded(png.Encode), "image/bmp": encoded(bmp.Encode),
		"image/jpeg": encoded(func(w io.Writer, i image.Image) error { return jpeg.Encode(w, i, nil) }),
		"image/gif":  encoded(func(w io.Writer, i image.Image) error { return gif.Encode(w, i, nil) }),
		"image/webp": webpLossless(31, 17),
	}
}

func TestPictureSize(t *testing.T) {
	t.Parallel()
	for kind, file := range pictures() {
		if w, h, ok := PictureSize(bytes.NewReader(file)); !ok || w != 31 || h != 17 || ImageType(file) != kind {
			t.Errorf("%s: %d × %d, %v", kind, w, h, ok)
		}
	}
	for name, c := range map[string]struct {
		file []byte
		w, h int
	}{
		"a canvas":         {webpExtended(20000, 30000), 20000, 30000},
		"lossless":         {webpLossless(16384, 16384), 16384, 16384},
		"lossy":            {webpLossy(16383, 9000), 16383, 9000},
		"bitmap":           {bitmap(100000, -50000), 100000, 50000},
		"PNG":              {pngHead(60000, 60000), 60000, 60000},
		"frame of a GIF":   {gifOf(65535, 65534), 65535, 65534},
		"a long comment":   {append([]byte("\xff\xd8\xff\xfe\xff\xff"+strings.Repeat("x", 65533)), encodedJPEG()[2:]...), 31, 17},
		"an empty comment": {gifOf(3, 4), 3, 4},
	} {
		if w, h, ok := PictureSize(bytes.NewReader(c.file)); !ok || w != c.w || h != c.h {
			t.Errorf("%s: %d × %d, %v; want %d × %d", name, w, h, ok, c.w, c.h)
		}
	}
	for name, file := range map[string][]byte{
		"nothing": {}, "text": []byte("bonjour"), "svg": []byte("<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>"),
		"jpeg without a size": []byte("\xff\xd8\xff\xda\x00\x02"), "jpeg of comments": append([]byte("\xff\xd8"), bytes.Repeat([]byte("\xff\xfe\x00\x02"), 9000)...),
		"lossless jpeg":                  []byte("\xff\xd8\xff\xc3\x00\x11\x08\xff\xff\xff\xff\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00"),
		"canvas over the format's bound": webpExtended(1<<24, 1<<24), "webp of another chunk": []byte("RIFF\x16\x00\x00\x00WEBPXXXX\x04\x00\x00\x00aaaa"),
		"bitmap of no height": bitmap(5, 0), "bitmap of an old header": append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\x0c\x00\x00\x00"), make([]byte, 40)...),
		"gif without a frame": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x3b                  "), "gif cut": gifOf(1, 1)[:25], "png of no width": pngHead(0, 9),
	} {
		if w, h, ok := PictureSize(bytes.NewReader(file)); ok {
			t.Errorf("%s: measured as %d × %d", name, w, h)
		}
	}
}

func encodedJPEG() []byte { return pictures()["image/jpeg"] }

// FuzzPictureSize: whatever the bytes, no panic, no size without ok, and no more
// read than was there.
func FuzzPictureSize(f *testing.F) {
	for _, file := range pictures() {
		f.Add(file)
	}
	for _, file := range [][]byte{webpExtended(9, 9), webpLossy(9, 9), gifOf(9, 9), bitmap(9, 9)} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if w, h, ok := PictureSize(bytes.NewReader(file)); ok != (w > 0 && h > 0) {
			t.Errorf("%d × %d, %v", w, h, ok)
		}
	})
}

func TestNoticePNG(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]string{
		"short": "Non.", "accents": "Cette image est trop grande pour être montrée ici. Elle est intacte\u00a0: téléchargez-la.",
		"long": strings.Repeat("mot ", 5000), "one long word": strings.Repeat("é", 5000), "none": "", "not text": "\xff\xfe\x00",
	} {
		raw, err := NoticePNG(say)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s := img.Bounds().Size(); s.X != noticeWidth || s.Y > 600 || len(raw) > 64<<10 {
			t.Errorf("%s: %v, %d bytes", name, s, len(raw))
		}
		dark := 0
		for _, p := range img.(*image.Paletted).Pix {
			if p != 0 {
				dark++
			}
		}
		if (dark > 20) != (strings.TrimSpace(say) != "") {
			t.Errorf("%s: %d dark pixels", name, dark)
		}
	}
}
