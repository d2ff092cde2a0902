using AnalogTorch.Core;
using AnalogTorch.Models.Data;
using AnalogTorch.Tests.Networks;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Presets;

public class PairAblationTests
{
    /// <summary>What the README of the presets says of sigmoids, on fewer images: the share of held-out images that is got right.</summary>
    [RealDataFact]
    public void SigmoidsLearnOnPairsThatAreMadeForThem()
    {
        using var images = Mnist.Load(DataFolder.Open(Repository.DataFolder!), train: true);
        Assert.InRange(Train("Pair"), 0, 0.35);
        Assert.InRange(Train("DensePair"), 0.45, 0.9);
        // What keeps the others from it is that steps fade with conductance: alike, they do as well as floating point.
        Assert.InRange(Train("steps alike at every conductance"), 0.65, 0.95);

        double Train(string way) =>
            PairAblation.Train(PairAblation.Ways[way], images, images: 3_000, epochs: 6, seed: 1, model => PairAblation.Start(model, Rng.FromSeed(1)));
    }
}
