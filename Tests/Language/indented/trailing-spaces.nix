# The spaces before the closing quotes are dropped with their line.
[ ''
    a
    '' ''
    a
  '' ''
    a
      '' ''a   '' ]
