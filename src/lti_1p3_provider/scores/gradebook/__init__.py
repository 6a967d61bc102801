"""The platform's gradebook: which column a score goes to, made if need be, and what it shows of what was sent. (AGS 2.0)"""
