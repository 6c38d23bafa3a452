"""Clusters in network namespaces: real dataplanes, real control planes, real nginx, one bridge, many clients.

Everything happens inside namespaces that a lab makes for itself; the machine's own network is never touched.
"""
