package message

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/png"
	"io"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
	"pli.example/pli/internal/problem"
)

func TestSniffPreview(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ, name, head string
		want            PreviewKind
	}{
		{"text/html", "a.html", "%PDF-1.4", PreviewPDF},
		{"image/png", "a.png", "<html>", PreviewNone},
		{"application/octet-stream", "x", "\x89PNG\r\n\x1a\n", PreviewImage},
		{"image/jpeg", "a.jpg", "\xff\xd8\xff\xe0", PreviewImage},
		{"", "", "II*\x00", PreviewTIFF},
		{"image/svg+xml", "a.svg", "<svg>", PreviewNone},
		{"text/plain", "a.txt", "bonjour", PreviewText},
		{"text/plain", "a.txt", "<script>", PreviewNone},
		{"text/plain", "a.txt", "MZ\x00\x01", PreviewNone},
		{"application/octet-stream", "labo.hpr", "PATIENT\r\nA", PreviewText},
		{"application/octet-stream", "a.exe", "bonjour", PreviewNone},
		{"text/csv", "a.csv", "a;b\xe9\n", PreviewText},
		{"image/webp", "", "RIFF1234WEBP", PreviewImage},
	} {
		if got := SniffPreview(c.typ, c.name, []byte(c.head)); got != c.want {
			t.Errorf("%s %s %q: %s, want %s", c.typ, c.name, c.head, got, c.want)
		}
	}
}

func TestTIFFToPNG(t *testing.T) {
	t.Parallel()
	var small bytes.Buffer
	if err := tiff.Encode(&small, image.NewRGBA(image.Rect(0, 0, 40, 30)), &tiff.Options{Compression: tiff.Deflate}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := TIFFToPNG(&out, bytes.NewReader(small.Bytes()), 0); err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(&out); err != nil || img.Bounds().Dx() != 40 {
		t.Errorf("%v %v", img, err)
	}
	if err := TIFFToPNG(io.Discard, bytes.NewReader(small.Bytes()), 1199); !problem.Is(err, problem.TooLarge) {
		t.Errorf("pixel cap: %v", err)
	}
	if err := TIFFToPNG(io.Discard, strings.NewReader("II*\x00\x08\x00\x00\x00\xff\xff"), 0); !problem.Is(err, problem.Invalid) {
		t.Errorf("%v", err)
	}
	for i := range small.Len() { // no byte may bring it down
		bad := bytes.Clone(small.Bytes())
		bad[i] ^= 0xFF
		_ = TIFFToPNG(io.Discard, bytes.NewReader(bad), 100_000)
	}
}

// TestTIFFBomb is not parallel: it watches what is allocated.
func TestTIFFBomb(t *testing.T) {
	bomb := tiffBomb(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := TIFFToPNG(io.Discard, bytes.NewReader(bomb), 0)
	runtime.ReadMemStats(&after)
	if err != nil && !problem.Is(err, problem.Invalid) {
		t.Errorf("%v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
		t.Errorf("%d bytes allocated for 100 pixels", n)
	}
}

// tiffBomb says 10×10 pixels and holds a strip that inflates to 64 MB.
func tiffBomb(t *testing.T) []byte {
	t.Helper()
	var strip bytes.Buffer
	z := zlib.NewWriter(&strip)
	zero := make([]byte, 1<<20)
	for range 64 {
		if _, err := z.Write(zero); err != nil {
			t.Fatal(err)
		}
	}
	_ = z.Close()
	var b bytes.Buffer
	le := binary.LittleEndian
	b.WriteString("II*\x00")
	_ = binary.Write(&b, le, uint32(8))
	tags := [][3]uint32{{256, 3, 10}, {257, 3, 10}, {258, 3, 8}, {259, 3, 8}, {262, 3, 1}, {273, 4, 0}, {277, 3, 1}, {278, 3, 10}, {279, 4, uint32(strip.Len())}}
	_ = binary.Write(&b, le, uint16(len(tags)))
	end := uint32(8 + 2 + 12*len(tags) + 4)
	for _, tag := range tags {
		if tag[0] == 273 {
			tag[2] = end
		}
		_ = binary.Write(&b, le, uint16(tag[0]))
		_ = binary.Write(&b, le, uint16(tag[1]))
		_ = binary.Write(&b, le, uint32(1))
		_ = binary.Write(&b, le, tag[2])
	}
	_ = binary.Write(&b, le, uint32(0))
	b.Write(strip.Bytes())
	return b.Bytes()
}
