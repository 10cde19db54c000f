"""A throwaway centre, fictional and at full size, to look at and to try things on. Never a real instance."""
