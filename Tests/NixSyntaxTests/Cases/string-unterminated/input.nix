{
  a = "abc;
}
