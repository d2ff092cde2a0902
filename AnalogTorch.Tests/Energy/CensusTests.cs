using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tests.Habits;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Energy;

/// <summary>Counts are those of what ran, against counts by hand and the cells' own counters.</summary>
public class CensusTests
{
    [Fact]
    public void AConvolutionIsReadAtEveryPlace()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("conv", Conv2d(4, 6, 3, stride: 2, padding: 1, groups: 2)), ("norm", BatchNorm2d(6)), ("act", ReLU()), ("pool", MaxPool2d(2)), ("flat", Flatten()), ("fc", Linear(6 * 8, 5, hasBias: false)));
        var census = model.TakeCensus(zeros(3, 4, 8, 16));
        Assert.Equal(["conv", "norm", "act", "pool", "fc"], census.Layers.Select(layer => layer.Name));
        var conv = census.Layers[0];
        Assert.Equal((2 * 9 + 1, 3, 2, 3 * 4 * 8, 0), (conv.Inputs, conv.Outputs, conv.Groups, conv.Reads, conv.TransposedReads));
        Assert.Equal(3 * 6 * 4 * 8, census.Layers[1].DigitalElements);
        Assert.Equal((0, 3 * 6 * 4 * 8), (census.Layers[2].DigitalElements, census.Layers[2].Activations));
        Assert.Equal(3 * 6 * 2 * 4, census.Layers[3].DigitalElements);
        Assert.Equal((48, 5, 3), (census.Layers[4].Inputs, census.Layers[4].Outputs, census.Layers[4].Reads));
        Assert.True(model.training);
        Assert.Contains("conv", census.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LSTM", 1, 12 + 7 + 1, 4 * 7)]
    [InlineData("RNN", 1, 12 + 7 + 1, 7)]
    [InlineData("GRU", 2, 12 + 1, 3 * 7)] // one gate needs the product of the state alone
    public void RecurrentLayersReadInputAndStateTogether(string kind, int arrays, long inputs, long outputs)
    {
        using var scope = NewDisposeScope();
        var x = zeros(5, 2, 12);
        using Module model = kind switch { "LSTM" => LSTM(12, 7, bidirectional: true), "GRU" => GRU(12, 7, bidirectional: true), _ => RNN(12, 7, bidirectional: true) };
        var census = model.TakeCensus(2, () =>
        {
            switch (model)
            {
                case TorchSharp.Modules.LSTM lstm:
                    lstm.call(x);
                    break;
                case TorchSharp.Modules.GRU gru:
                    gru.call(x);
                    break;
                case TorchSharp.Modules.RNN rnn:
                    rnn.call(x);
                    break;
            }
        });
        Assert.Equal(2 * arrays, census.Layers.Count);
        Assert.All(census.Layers, layer => Assert.Equal(10, layer.Reads)); // steps times samples
        Assert.Equal((inputs, outputs), (census.Layers[0].Inputs, census.Layers[0].Outputs));
        Assert.Equal(2 * 10 * 7, census.Layers.Sum(layer => layer.DigitalElements));
    }

    /// <summary>A converted model is counted like the digital one: the same reads of the same arrays.</summary>
    [Fact]
    public void TilesAreCountedLikeTheLayersThatTheyReplace()
    {
        using var scope = NewDisposeScope();
        using var model = Zoo.Create("resnet8_cifar", seed: 1);
        var x = rand(2, 3, 32, 32, generator: new Generator(1));
        var digital = model.TakeCensus(x);
        using (var chip = model.Program(PcmPresets.Inference, seed: 3))
        {
            var programmed = chip.Model.TakeCensus(x);
            Assert.Equal(digital.Layers.Select(layer => (layer.Name, layer.Reads, layer.Outputs)), programmed.Layers.Select(layer => (layer.Name, layer.Reads, layer.Outputs)));
            Assert.Equal(chip.Report.Pulses, programmed.Layers.Sum(layer => layer.WritePulses));
            Assert.Equal(chip.Report.Devices, programmed.Layers.Sum(layer => layer.Devices));
            Assert.All(programmed.Layers.Where(layer => layer.IsArray), layer => Assert.InRange(layer.SiemensPerWeight!.Value, 0.1 * Units.uS, 25 * Units.uS));
            // What the array holds is what is paid for.
            var measured = new Duration90nm().Of(programmed);
            var typical = (new Duration90nm() with { Conductance = new TypicalConductance() }).Of(programmed);
            var conv = programmed.Layers[0];
            Assert.Equal(conv.SiemensPerWeight!.Value / (40 * Units.uS), measured.Layers[0].Energy[CostComponent.Array] / typical.Layers[0].Energy[CostComponent.Array], 1e-6);
            Assert.True(measured.ProgrammingJoules > 0);
        }
        model.ToAnalog(PcmPresets.HardwareAware, 1, [LayerRule.Digital("linear")]);
        var partly = model.TakeCensus(x);
        var head = partly.Layers.Single(layer => layer.Name == "linear");
        Assert.False(head.IsArray);
        Assert.Equal(2 * 65 * 10, head.DigitalMultiplyAccumulates);
    }

    /// <summary>Products in a model's own code, by function, and their share of the work.</summary>
    [Fact]
    public void ProductsInTheModelsCodeAreCounted()
    {
        using var scope = NewDisposeScope();
        using var model = new Attention();
        model.ToAnalog(PcmPresets.HardwareAware, 1);
        var census = model.TakeCensus(rand(2, 5, 6));
        // Projection 2·5 reads of 6 × 6 and its bias beside the converters; scores 5 × 5 × 6 for each of two samples.
        Assert.Equal(2 * 5 * 5 * 6, census.Layers.Single(layer => layer.Name == "matmul").DigitalMultiplyAccumulates);
        Assert.Equal(2 * 5 * 5 * 6, census.Layers.Single(layer => layer.Name == "einsum").DigitalMultiplyAccumulates);
        Assert.Equal(2 * (2 * 5 * 5 * 6), census.Layers.Single(layer => layer.Name == "functional.scaled_dot_product_attention").DigitalMultiplyAccumulates);
        Assert.All(["addmm", "mm"], name => Assert.Equal(6 * 6 * 5, census.Layers.Single(layer => layer.Name == name).DigitalMultiplyAccumulates));
        var digital = 4 * 2 * 5 * 5 * 6 + 2 * 6 * 6 * 5;
        Assert.Equal((double)digital / (digital + census.Layers[0].Weights * 10), census.DigitalShare, 1e-12);
        Assert.Contains("of the multiply-accumulates are digital: functional.scaled_dot_product_attention (in the model's code)", census.ToString(), StringComparison.Ordinal);
        Assert.Empty(census.NotCounted);
        // With gradients, a product runs once more for each of its factors that wants one.
        var trained = model.TakeCensus(2, () => model.call(rand(2, 5, 6)).sum().backward());
        Assert.Equal(3 * 2 * 5 * 5 * 6, trained.Layers.Single(layer => layer.Name == "matmul").DigitalMultiplyAccumulates);
    }

    [Fact]
    public void ProductsThatNobodyLedAreNamed()
    {
        using var scope = NewDisposeScope();
        using var model = new UnledProduct();
        Assert.Equal(["UnledProduct (matmul)"], model.TakeCensus(rand(2, 6)).NotCounted);
    }

    [Theory]
    [InlineData("bij,bjk->bik", new long[] { 2, 3, 4 }, new long[] { 2, 4, 5 }, 2 * 3 * 4 * 5)]
    [InlineData("...ij, ...jk -> ...ik", new long[] { 7, 2, 3, 4 }, new long[] { 4, 5 }, 7 * 2 * 3 * 4 * 5)]
    [InlineData("i,j", new long[] { 3 }, new long[] { 4 }, 12)]
    public void MultiplyAccumulatesOfAnEinsumAreThoseOfItsIndices(string equation, long[] first, long[] second, long expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected, ProductWatch.OfEinsum(equation, [rand(first), rand(second)]));
    }

    private sealed class Attention : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> projection = Linear(6, 6);

        public Attention() : base(nameof(Attention)) => RegisterComponents();

        public override Tensor forward(Tensor x)
        {
            var q = projection.call(x);
            var scores = q.matmul(q.transpose(1, 2)).softmax(-1);
            var y = einsum("bij,bjk->bik", scores, q) + functional.scaled_dot_product_attention(q, q, q);
            return addmm(y[0], y[0], q[0].t().mm(y[0]), 1, 1).unsqueeze(0);
        }
    }

    [NotLedToTiles]
    private sealed class UnledProduct : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> projection = Linear(6, 6);

        public UnledProduct() : base(nameof(UnledProduct)) => RegisterComponents();

        public override Tensor forward(Tensor x) => projection.call(x).matmul(x.t());
    }

    /// <summary>One model on chips one after the other, and several counts of each.</summary>
    [Fact]
    public void EveryChipAndEveryCountIsCountedAlike()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("flat", Flatten()), ("inner", Mlp.Create([12, 7, 3], seed: 1)));
        var x = rand(2, 12, generator: new Generator(1));
        foreach (var size in new TileSize[] { new UnlimitedSize(), new LimitedSize { Inputs = 5, Outputs = 4 }, new UnlimitedSize() })
        {
            using var chip = model.Program(PcmPresets.Inference with { Size = size }, seed: 3);
            for (var count = 0; count < 2; count++)
            {
                chip.DriftTo(100);
                Assert.Equal([2L, 2], chip.Model.TakeCensus(x).Layers.Where(layer => layer.IsArray).Select(layer => layer.Reads));
            }
        }
    }

    /// <summary>An epoch of training in memory: pulses, updates and programming are those of the simulated cells.</summary>
    [Fact]
    public void AnEpochIsCountedAsTheCellsCountIt()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        using var model = Sequential(("fc1", Linear(30, 20)), ("act", Tanh()), ("fc2", Linear(20, 5)));
        model.ToAnalog(PcmPresets.MspLsp with { Cell = new MspLspCell { TransferEvery = 64 } }, seed: 2);
        using var optimizer = new AnalogSGD(model.parameters(), 0.1);
        using var loss = CrossEntropyLoss();
        var (x, target) = (rand(200, 30, generator: new Generator(4)), randint(5, [200], generator: new Generator(5)).to(ScalarType.Int64));
        Step(0); // before the census
        var before = model.AnalogTiles().Select(entry => (entry.Tile.Cells.Examples, entry.Tile.Cells.Pulses, entry.Tile.Cells.ProgrammingPulses)).ToArray();
        var biasBefore = model.AnalogTiles().Select(entry => (entry.Tile.BiasCells!.Pulses, entry.Tile.BiasCells.ProgrammingPulses)).ToArray();
        var census = model.TakeCensus(200, () =>
        {
            for (var start = 0; start < 200; start += 8)
                Step(start);
        });
        var arrays = census.Layers.Where(layer => layer.IsArray).ToArray();
        foreach (var (i, (_, tile)) in model.AnalogTiles().Index())
        {
            Assert.Equal(200, arrays[i].Reads);
            Assert.Equal(i == 0 ? 0 : 200, arrays[i].TransposedReads); // nobody wants the gradient of the input
            Assert.Equal((200L, tile.Cells.Examples - before[i].Examples), (arrays[i].Updates, arrays[i].Updates));
            Assert.Equal(tile.Cells.Pulses - before[i].Pulses + tile.BiasCells!.Pulses - biasBefore[i].Pulses, arrays[i].UpdatePulses);
            Assert.Equal(tile.Cells.ProgrammingPulses - before[i].ProgrammingPulses + tile.BiasCells.ProgrammingPulses - biasBefore[i].ProgrammingPulses, arrays[i].ProgrammingPulses);
            Assert.True(arrays[i].UpdatePulses > 0 && arrays[i].ProgrammingPulses > 0);
            Assert.Equal((3L, 3L), (arrays[i].Transfers, tile.Cells.Transfers)); // after 64, 128 and 192 of 208 examples
        }
        var report = new Duration90nm().Of(census);
        Assert.Equal(arrays.Sum(layer => layer.UpdatePulses) * 10e-15 / 200, report.Energy[CostComponent.Update], 1e-20);
        Assert.InRange(report.ExamplesUntilWorn(1e9), 1e6, 1e12);
        Assert.Equal(2.0 * (31 * 20 * 400 + 21 * 5 * 600), census.ArrayOperations);

        void Step(int start)
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(model.call(x.narrow(0, start, 8)), target.narrow(0, start, 8)).backward();
            optimizer.step();
        }
    }

    /// <summary>A matrix that takes several tiles is driven, converted and added once for each.</summary>
    [Fact]
    public void SmallerTilesTakeMoreConversionsAndSums()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(99, 60);
        var hardware = new Duration90nm { Conductance = new TypicalConductance() };
        var one = layer.EstimateCost(hardware, zeros(1, 99));
        var four = layer.EstimateCost(hardware with { Size = new LimitedSize { Inputs = 50, Outputs = 30 } }, zeros(1, 99));
        Assert.Equal((1, 4), (one.Layers[0].Tiles, four.Layers[0].Tiles));
        Assert.Equal(one.Energy[CostComponent.Array], four.Energy[CostComponent.Array]);
        Assert.Equal(2 * one.Energy[CostComponent.Drivers], four.Energy[CostComponent.Drivers], 1e-24);
        Assert.Equal(2 * one.Energy[CostComponent.Converters], four.Energy[CostComponent.Converters], 1e-24);
        Assert.Equal(60 * hardware.DigitalEnergy, four.Energy[CostComponent.Digital], 1e-24);
        Assert.Equal(one.SecondsPerInference + hardware.SumTime, four.SecondsPerInference, 1e-15);
    }

    /// <summary>Drives, conversions, sums and bytes by hand: 100 lines on tiles of 50, 60 outputs on tiles of 30; 7 reads, 3 backward, 2 updates.</summary>
    [Fact]
    public void TilesDriveConvertAndAdd()
    {
        var layer = new CensusLayer { Name = "fc", Kind = "Linear", IsArray = true, Inputs = 100, Outputs = 60, Reads = 7, TransposedReads = 3, Updates = 2 };
        var work = TileWork.Of(layer, new LimitedSize { Inputs = 50, Outputs = 30 });
        Assert.Equal(new TileWork(4, 10 * 4, 9 * 100 * 2 + 3 * 60 * 2, 7 * 60 * 2 + 3 * 100 * 2, 7 * 60 + 3 * 100, 7 * 60 * 2 + 3 * 100 * 2), work);
        Assert.Equal(default, TileWork.Of(layer with { IsArray = false }, new UnlimitedSize()));
        var json = new Duration90nm { Size = new LimitedSize { Inputs = 50, Outputs = 30 } }.Of(new Census([layer], 1)).ToJson()["layers"]![0]!;
        Assert.Equal((work.Drives, work.Conversions, work.Bytes), ((long)json["drives"]!, (long)json["conversions"]!, (long)json["bytes"]!));
    }

    /// <summary>Pairs of devices in siemens are priced by what they hold; those of normalised devices, which hold none, by what is assumed.</summary>
    [Fact]
    public void OnlyConductancesAreMeasured()
    {
        using var x = zeros(1, 20);
        using var siemens = Linear(20, 10);
        siemens.ToAnalog(PcmPresets.Pair, seed: 1);
        Assert.InRange(siemens.TakeCensus(x).Layers[0].SiemensPerWeight!.Value, 0.1 * Units.uS, 40 * Units.uS);
        using var normalised = Linear(20, 10);
        normalised.ToAnalog(PcmPresets.ExpStepPair, seed: 1);
        Assert.Null(normalised.TakeCensus(x).Layers[0].SiemensPerWeight);
    }

    [Fact]
    public void CopiesOfAConvolutionTradeAreaForTime()
    {
        using var scope = NewDisposeScope();
        using var model = Sequential(("conv", Conv2d(3, 8, 3)), ("flat", Flatten()), ("fc", Linear(8 * 36, 4)));
        var x = zeros(1, 3, 8, 8);
        var (one, four) = (model.EstimateCost(new Duration14nm(), x), model.EstimateCost(new Duration14nm { Copies = 4 }, x));
        Assert.Equal(one.JoulesPerInference, four.JoulesPerInference);
        Assert.Equal(one.Layers[0].Seconds / 4, four.Layers[0].Seconds);
        Assert.Equal(4 * one.Layers[0].SquareMetres, four.Layers[0].SquareMetres);
        Assert.Equal(one.Layers[^1].SquareMetres, four.Layers[^1].SquareMetres); // read once, so one is enough
        Assert.Equal(9 * 80 * Units.ns, four.PipelinedSeconds, 1e-15);
    }

    [Fact]
    public void BadAskingIsAnsweredByOneSentence()
    {
        using var layer = Linear(2, 2);
        Assert.Contains("one sample or more", Assert.Throws<ArgumentOutOfRangeException>(() => layer.TakeCensus(0, () => { })).Message);
        Assert.Contains("OnTime", Assert.Throws<ArgumentOutOfRangeException>(() => new Duration90nm { OnTime = -1 }).Message);
        using var x = zeros(1, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => layer.EstimateCost(new Duration90nm(), x).ExamplesUntilWorn(0));
        Assert.Equal(double.PositiveInfinity, layer.EstimateCost(new Duration90nm(), x).ExamplesUntilWorn(1e9));
    }
}
