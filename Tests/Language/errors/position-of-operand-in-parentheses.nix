1.0 + # a comment
  (/a + /b)
