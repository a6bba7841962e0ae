// Every user of this module works with the message types.
@_exported public import FirnMessages
