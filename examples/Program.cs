Console.WriteLine(TorchSharp.torch.rand(2, 3).ToString());
