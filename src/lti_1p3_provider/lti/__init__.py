"""The LTI 1.3 protocol: the seam to PyJWT and requests. Nothing above sees a raw claim, token or HTTP answer."""
