package fsx

func syncDir(string) error { return nil }
