"""The four services, the chassis they stand on and the contracts they publish."""
