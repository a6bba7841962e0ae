# differs from 2.8.0: a store path that was computed can be read, though nothing is written to a store
builtins.readFile "${builtins.filterSource (path: type: false) ./data}/text.txt"
