"${map}"
