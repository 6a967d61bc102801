"""Deep Linking: instructors pick our content inside their own platform. (LTI Deep Linking 2.0)"""
