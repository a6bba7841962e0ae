"one
twothree"
