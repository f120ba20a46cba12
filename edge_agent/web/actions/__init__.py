"""What staff do that is not attendance: composed of store and rules, called by the API alone."""
