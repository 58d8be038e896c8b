"""Settings for every test, the notebooks included."""

import os

# A progress bar is for the person who waits. Kernels that tests start inherit this.
os.environ["TQDM_DISABLE"] = "1"
