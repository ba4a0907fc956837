//go:build unix

package store

import "syscall"

// freeSpace is what an ordinary account may still write in a folder, in octets.
func freeSpace(folder string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
