package web_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"strconv"
	"testing"

	"pli.example/pli/internal/testkit"
)

// Attack 25: a picture is measured before it is sent or decoded; one that cannot be
// measured is not sent to be drawn either. All of them still come down as files.
func imageBombs(t *testing.T, k *testkit.Kit, c *testkit.Client) {
	ihdr := append([]byte("IHDR"), 0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 6, 0, 0, 0) // 60,000 × 60,000
	pngFile := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), ihdr...)
	pngFile = binary.BigEndian.AppendUint32(pngFile, crc32.ChecksumIEEE(ihdr))
	gif := append([]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00"), make([]byte, 40)...)
	jpeg := []byte("\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00\x00\xff\xd9")
	var tiff bytes.Buffer
	tiff.WriteString("II*\x00\x08\x00\x00\x00\x09\x00")
	for _, tag := range [][3]uint32{{256, 4, 60000}, {257, 4, 60000}, {258, 3, 8}, {259, 3, 1}, {262, 3, 1}, {273, 4, 200}, {277, 3, 1}, {278, 4, 60000}, {279, 4, 10}} {
		_ = binary.Write(&tiff, binary.LittleEndian, []uint16{uint16(tag[0]), uint16(tag[1])})
		_ = binary.Write(&tiff, binary.LittleEndian, []uint32{1, tag[2]})
	}
	tiff.Write(make([]byte, 300))
	bombs := []struct {
		name, typ string
		content   []byte
		status    int
	}{
		{"PNG", "image/png", pngFile, 413}, {"GIF", "image/gif", gif, 400}, {"JPEG", "image/jpeg", jpeg, 413}, {"TIFF", "image/tiff", tiff.Bytes(), 400},
		{"WebP", "image/webp", []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\xff\x7f\x00\xff\x7f\x00"), 413}, // 32,768 × 32,768
		{"lossless WebP", "image/webp", []byte("RIFF\x12\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f\xff\xff\xff\x0f"), 413},            // 16,384 × 16,384
		{"BMP", "image/bmp", append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x60\xea\x00\x00\x60\xea\x00\x00\x01\x00\x18\x00"), make([]byte, 24)...), 413},
		{"BMP of an old header", "image/bmp", append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\x0c\x00\x00\x00\xff\xff\xff\xff"), make([]byte, 24)...), 400},
		{"GIF by its first frame", "image/gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x4c\x01\x00\x3b"), 413},
		{"JPEG of an odd kind", "image/jpeg", []byte("\xff\xd8\xff\xc9\x00\x11\x08\xff\xff\xff\xff\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xd9"), 400},
		{"JPEG that says its size too late", "image/jpeg", append(append([]byte("\xff\xd8"), bytes.Repeat(append([]byte("\xff\xe1\xff\xff"), make([]byte, 65533)...), 70)...), jpeg[2:]...), 400},
	}
	letter := mixed + "--B\nContent-Type: text/plain\n\nmot\n"
	for _, b := range bombs {
		letter += part(b.typ, b.name, b.content)
	}
	href := deliver(t, k, c, "bombes", letter+"--B--\n")
	for i, b := range bombs {
		at := href + "/part/" + strconv.Itoa(i+2)
		if a := c.Get(at+"/inline", testkit.For("image")); a.Status != b.status || len(a.Body) > 0 {
			t.Errorf("%s: /inline answered %d, want %d; %d bytes of %s", b.name, a.Status, b.status, len(a.Body), a.Header.Get("Content-Type"))
		}
		if b.name == "TIFF" {
			b.status = 413 // converted when asked for: measured then
		}
		// Somebody asked for this one: they see why it is not shown, as a picture.
		a := c.Get(at+"/picture", testkit.For("image"))
		said, err := png.Decode(bytes.NewReader(a.Body))
		if a.Status != b.status || a.Header.Get("Content-Type") != "image/png" || err != nil || said.Bounds().Dx() > 1000 {
			t.Errorf("%s: /picture answered %d, want %d; %d bytes of %s, %v", b.name, a.Status, b.status, len(a.Body), a.Header.Get("Content-Type"), err)
		}
		if h := a.Header; h.Get("Cache-Control") != "no-store, private" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", b.name, h)
		}
		if a := ok(t, c.Get(at)); !bytes.Equal(a.Body, b.content) { // it still comes down
			t.Errorf("%s: %d bytes came down of %d", b.name, len(a.Body), len(b.content))
		}
	}
}
