# Only one line end after the opening quotes goes, with the spaces before it.
[ ''

  a'' ''   
  a'' ''	
  a'' ]
