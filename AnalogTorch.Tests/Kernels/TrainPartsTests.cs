using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Kernels;

public class TrainPartsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void CoincidencesAreThoseThatAreCountedOneByOne(int samples)
    {
        using var scope = NewDisposeScope();
        var trains = Bench.Trains(new Rng(1), samples, 20, 9, 0.3);
        var (up, down) = Bench.Coincidences(trains, 9, 20, PulseSide.Both, inverted: false);
        Assert.Equal(up.Zip(down, (raised, lowered) => (float)(raised - lowered)), Bench.Floats(trains.Coincidences(9, 20)));
    }

    [Fact]
    public void CoincidencesOfGroupsAreThoseOfTheirOwnLines()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (Bench.Trains(new Rng(1), 3, 5, 4, 0.3), Bench.Trains(new Rng(2), 3, 5, 4, 0.3));
        var outputs = zeros([3, 16], ScalarType.Int32);
        outputs.narrow(1, 0, 4).copy_(first.Outputs.narrow(1, 0, 4));
        outputs.narrow(1, 4, 4).copy_(second.Outputs.narrow(1, 0, 4));
        var together = new TrainPair(cat([first.Inputs, second.Inputs], 1), 32, outputs, 16, 3, Groups: 2);
        Assert.Equal(Bench.Floats(cat([first.Coincidences(4, 5), second.Coincidences(4, 5)])), Bench.Floats(together.Coincidences(8, 5)));
    }

    [Fact]
    public void PartsThatRaiseAndPartsThatLowerAreAllThereIs()
    {
        using var scope = NewDisposeScope();
        var trains = Bench.Trains(new Rng(1), 4, 20, 9, 0.3);
        var raising = trains.Parts([new(2, 1, 1), new(2, -1, -1)]);
        var lowering = trains.Parts([new(2, 1, -1), new(2, -1, 1)]);
        var (up, down) = Bench.Coincidences(trains.Slice(2, 1), 9, 20, PulseSide.Both, inverted: false);
        Assert.Equal(up.Select(count => (float)count), Bench.Floats(raising.Coincidences(9, 20)));
        Assert.Equal(down.Select(count => (float)-count), Bench.Floats(lowering.Coincidences(9, 20)));
        Assert.Equal(Bench.Floats(trains.Slice(3, 1).Coincidences(9, 20)), Bench.Floats(trains.Parts([new(3, 0, 0)]).Coincidences(9, 20)));
    }
}
