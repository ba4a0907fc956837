package message

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
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

// TestZlibZeros: the bombs below are what they say.
func TestZlibZeros(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 1<<20 - 1, 1 << 20, 5<<20 + 7} {
		z, err := zlib.NewReader(bytes.NewReader(zlibZeros(t, n)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || len(got) != n || len(bytes.Trim(got, "\x00")) != 0 {
			t.Errorf("%d zeros: %d bytes, %v", n, len(got), err)
		}
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

// A small file must not cost much memory, whatever its pixels are made of: sixteen
// bits a channel, or one strip that inflates to the eight bytes a pixel the decoder
// would take. Not parallel: it watches what is allocated.
func TestTIFFBombInBytes(t *testing.T) {
	if raceEnabled {
		t.Skip("what is allocated, of size: without the race detector (tests of size)")
	}
	for _, row := range []struct {
		name string
		file []byte
		kind problem.Kind
	}{
		{"16 bits, four channels", tiffOf(t, 6000, 6000, 8, []uint32{16, 16, 16, 16}, 0), problem.TooLarge},
		{"16 bits, three channels", tiffOf(t, 3000, 3000, 8, []uint32{16, 16, 16}, 0), problem.TooLarge},
		{"16 bits of grey", tiffOf(t, 6000, 6000, 8, []uint32{16}, 0), problem.TooLarge},
		{"colours", tiffOf(t, 4500, 4500, 8, []uint32{8, 8, 8}, 0), problem.TooLarge},
		{"grey, strip of eight bytes a pixel", tiffOf(t, 6000, 6000, 8, []uint32{8}, 8*6000*6000), problem.Invalid},
		{"the same in the old deflate", tiffOf(t, 6000, 6000, 32946, []uint32{8}, 8*6000*6000), problem.Invalid},
		{"the same in PackBits", tiffOf(t, 6000, 6000, 32773, []uint32{8}, 2*6000*6000), problem.Invalid},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := TIFFToPNG(io.Discard, bytes.NewReader(row.file), 0)
		runtime.ReadMemStats(&after)
		if !problem.Is(err, row.kind) || problem.SayOf(err) == "" {
			t.Errorf("%s: %v, want %s", row.name, err, row.kind)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
			t.Errorf("%s: %d bytes allocated for a file of %d", row.name, n, len(row.file))
		}
	}
}

// What a scanner makes still shows.
func TestTIFFOfAScannerIsShown(t *testing.T) {
	t.Parallel()
	const wide, high = 2480 * scanned / 100, 3508 * scanned / 100
	const w, h = 600 * scanned / 100, 800 * scanned / 100
	for name, file := range map[string][]byte{
		"A4 in grey, one strip": tiffOf(t, wide, high, 8, []uint32{8}, wide*high),
		"colours in PackBits":   tiffOf(t, w, h, 32773, []uint32{8, 8, 8}, 3*w*h),
		"16 bits":               tiffOf(t, w, h, 8, []uint32{16, 16, 16}, 6*w*h),
	} {
		var out bytes.Buffer
		if err := TIFFToPNG(&out, bytes.NewReader(file), 0); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if _, err := png.DecodeConfig(&out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzTIFFToPNG: nothing brings it down.
func FuzzTIFFToPNG(f *testing.F) {
	for _, c := range []uint32{8, 32773} {
		f.Add(tiffOf(f, 20, 10, c, []uint32{8}, 200))
		f.Add(tiffOf(f, 20, 10, c, []uint32{16, 16, 16}, 1200))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if err := TIFFToPNG(io.Discard, bytes.NewReader(file), 100_000); err != nil && problem.SayOf(err) == "" {
			t.Errorf("no sentence: %v", err)
		}
	})
}

// tiffOf is a picture of one strip holding n zero bytes.
func tiffOf(t testing.TB, width, height, compression uint32, bits []uint32, n int) []byte {
	t.Helper()
	strip := zlibZeros(t, n)
	if compression == 32773 {
		strip = bytes.Repeat([]byte{0x81, 0}, n/128) // 128 zeros
		if left := n % 128; left > 0 {
			strip = append(strip, byte(1-left), 0)
		}
	}
	photometric := uint32(1)
	if len(bits) > 1 {
		photometric = 2
	}
	tags := [][4]uint32{{256, 4, 1, width}, {257, 4, 1, height}, {258, 3, uint32(len(bits)), bits[0]}, {259, 3, 1, compression}, {262, 3, 1, photometric},
		{273, 4, 1, 0}, {277, 3, 1, uint32(len(bits))}, {278, 4, 1, height}, {279, 4, 1, uint32(len(strip))}}
	if len(bits) == 4 {
		tags = append(tags, [4]uint32{338, 3, 1, 1})
	}
	var b bytes.Buffer
	le := binary.LittleEndian
	b.WriteString("II*\x00")
	_ = binary.Write(&b, le, uint32(8))
	_ = binary.Write(&b, le, uint16(len(tags)))
	end := uint32(8 + 2 + 12*len(tags) + 4)
	for _, tag := range tags {
		switch {
		case tag[0] == 258 && len(bits) > 2:
			tag[3] = end
		case tag[0] == 273:
			tag[3] = end + 8
		}
		_ = binary.Write(&b, le, uint16(tag[0]))
		_ = binary.Write(&b, le, uint16(tag[1]))
		_ = binary.Write(&b, le, tag[2:])
	}
	_ = binary.Write(&b, le, uint32(0))
	for i := range 4 {
		_ = binary.Write(&b, le, uint16(bits[i%len(bits)]))
	}
	b.Write(strip)
	return b.Bytes()
}

// zlibZeros is n zero bytes compressed (RFC 1950). A megabyte of them is compressed
// once and stands there as often as it takes: its block refers to nothing before it.
func zlibZeros(t testing.TB, n int) []byte {
	t.Helper()
	const each = 1 << 20
	deflate := func(n int, end func(*flate.Writer) error) []byte {
		var b bytes.Buffer
		z, err := flate.NewWriter(&b, flate.DefaultCompression)
		if err == nil {
			_, err = z.Write(make([]byte, n))
		}
		if err = errors.Join(err, end(z)); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	out := []byte{0x78, 0x9c}
	if n >= each {
		out = append(out, bytes.Repeat(deflate(each, (*flate.Writer).Flush), n/each)...)
	}
	out = append(out, deflate(n%each, (*flate.Writer).Close)...)
	return binary.BigEndian.AppendUint32(out, uint32(n%65521)<<16|1) // Adler-32 of zeros
}

// tiffBomb says 10×10 pixels and holds a strip that inflates to 64 MB.
func tiffBomb(t *testing.T) []byte {
	t.Helper()
	strip := zlibZeros(t, 64<<20)
	var b bytes.Buffer
	le := binary.LittleEndian
	b.WriteString("II*\x00")
	_ = binary.Write(&b, le, uint32(8))
	tags := [][3]uint32{{256, 3, 10}, {257, 3, 10}, {258, 3, 8}, {259, 3, 8}, {262, 3, 1}, {273, 4, 0}, {277, 3, 1}, {278, 3, 10}, {279, 4, uint32(len(strip))}}
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
	b.Write(strip)
	return b.Bytes()
}
