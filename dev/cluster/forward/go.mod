module datacrowd.io/dev/forward

go 1.24
