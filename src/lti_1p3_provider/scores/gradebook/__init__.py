"""The gradebook: which column of the platform a score goes to, made if need be, and what is shown there. (AGS 2.0)"""
