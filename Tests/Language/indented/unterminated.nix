{
  a = ''
    one ${toString 1}
  ;
}
