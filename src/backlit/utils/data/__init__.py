"""PyTorch's path to datasets and loaders, which live in `backlit.data`."""

from backlit.data.collate import default_collate as default_collate
from backlit.data.collate import default_convert as default_convert
from backlit.data.dataloader import DataLoader as DataLoader
from backlit.data.dataloader import get_worker_info as get_worker_info
from backlit.data.dataset import ChainDataset as ChainDataset
from backlit.data.dataset import ConcatDataset as ConcatDataset
from backlit.data.dataset import Dataset as Dataset
from backlit.data.dataset import IterableDataset as IterableDataset
from backlit.data.dataset import StackDataset as StackDataset
from backlit.data.dataset import Subset as Subset
from backlit.data.dataset import TensorDataset as TensorDataset
from backlit.data.dataset import random_split as random_split
from backlit.data.sampler import BatchSampler as BatchSampler
from backlit.data.sampler import RandomSampler as RandomSampler
from backlit.data.sampler import Sampler as Sampler
from backlit.data.sampler import SequentialSampler as SequentialSampler
from backlit.data.sampler import SubsetRandomSampler as SubsetRandomSampler
from backlit.data.sampler import WeightedRandomSampler as WeightedRandomSampler

from . import dataloader as dataloader
from . import dataset as dataset
from . import sampler as sampler
