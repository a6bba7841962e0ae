// The message types are the vocabulary of whoever uses this module.
@_exported public import FirnMessages
