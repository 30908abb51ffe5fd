// A package with a function of another one (go:linkname) has to have a file of assembler, even an empty one.
