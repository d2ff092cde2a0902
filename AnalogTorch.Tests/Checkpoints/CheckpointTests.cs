using System.IO.Compression;
using AnalogTorch.Checkpoints;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Optim;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Checkpoints;

public class CheckpointTests
{
    private static readonly TileConfig Hardware = PcmPresets.MspLsp with { Cell = new AnalogTorch.Cells.MspLspCell { TransferEvery = 7 }, Forward = PcmPresets.EightBitPath };

    /// <summary>Stopping after any step and resuming in a fresh process's worth of objects gives the run that never stopped.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(13)]
    public void ResumesBitForBit(int stop)
    {
        using var folder = new TemporaryFolder();
        var (whole, wholeOptimizer) = Fresh(Hardware);
        Train(whole, wholeOptimizer, 0, 20);

        var (first, firstOptimizer) = Fresh(Hardware);
        Train(first, firstOptimizer, 0, stop);
        Checkpoint.Save(folder.At("run.ckpt"), first, firstOptimizer);
        var (second, secondOptimizer) = Fresh(Hardware, seed: 99);
        Checkpoint.Load(folder.At("run.ckpt"), second, secondOptimizer);
        Train(second, secondOptimizer, stop, 20);

        foreach (var (name, tensor) in whole.state_dict())
            Assert.True(tensor.bytes.SequenceEqual(second.state_dict()[name].bytes), name);
        Assert.Equal(["run.ckpt"], folder.Files());
    }

    /// <summary>The same for convolutions and recurrent layers, in memory and hardware-aware side by side.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    public void EveryKindOfLayerResumesBitForBit(int stop)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var start = Layers(null).Select(layer => layer.state_dict()).ToArray();
        var whole = Layers(start);
        var (wholeModel, wholeOptimizer) = Converted(whole, 5);
        Steps(whole, wholeOptimizer, 0, 9);
        var first = Layers(start);
        var (firstModel, firstOptimizer) = Converted(first, 5);
        Steps(first, firstOptimizer, 0, stop);
        Checkpoint.Save(folder.At("run.ckpt"), firstModel, firstOptimizer);
        var second = Layers(start);
        var (secondModel, secondOptimizer) = Converted(second, 99);
        Checkpoint.Load(folder.At("run.ckpt"), secondModel, secondOptimizer);
        Steps(second, secondOptimizer, stop, 9);
        foreach (var (name, tensor) in wholeModel.state_dict())
            Assert.True(tensor.bytes.SequenceEqual(secondModel.state_dict()[name].bytes), name);

        static nn.Module[] Layers(Dictionary<string, Tensor>[]? start)
        {
            nn.Module[] layers = [nn.Conv2d(2, 4, 3, groups: 2), nn.LSTM(4, 3, numLayers: 2, bidirectional: true), nn.GRU(6, 2)];
            for (var i = 0; i < layers.Length && start is not null; i++)
                layers[i].load_state_dict(start[i]);
            return layers;
        }

        static (nn.Module, AnalogSGD) Converted(nn.Module[] layers, long seed)
        {
            var model = new Holder(layers);
            model.ToAnalog(Hardware with { Backward = PcmPresets.EightBitPath }, seed, LayerRule.Of<GRU>(PcmPresets.HardwareAware));
            return (model, new AnalogSGD(model.parameters(), lr: 0.05));
        }

        static void Steps(nn.Module[] layers, AnalogSGD optimizer, int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                using var inner = NewDisposeScope();
                optimizer.zero_grad();
                var maps = ((Conv2d)layers[0]).call(Noise.Normal(new AnalogTorch.Core.Rng((ulong)step), [3, 2, 4, 4]));
                var sequence = ((LSTM)layers[1]).call(maps.flatten(2).permute(2, 0, 1)).Item1;
                ((GRU)layers[2]).call(sequence).Item1.square().sum().backward();
                optimizer.step();
            }
        }
    }

    /// <summary>The noise of hardware-aware layers goes on where it was, though <c>state_dict</c> does not hold it.</summary>
    [Fact]
    public void ResumesHardwareAwareTrainingBitForBit()
    {
        using var folder = new TemporaryFolder();
        var (whole, wholeOptimizer) = Aware(1);
        Train(whole, wholeOptimizer, 0, 8);
        var (first, firstOptimizer) = Aware(1);
        Train(first, firstOptimizer, 0, 3);
        Checkpoint.Save(folder.At("run.ckpt"), first, firstOptimizer);
        var (second, secondOptimizer) = Aware(99);
        Checkpoint.Load(folder.At("run.ckpt"), second, secondOptimizer);
        Train(second, secondOptimizer, 3, 8);
        foreach (var (name, tensor) in whole.state_dict())
            Assert.True(tensor.bytes.SequenceEqual(second.state_dict()[name].bytes), name);

        static (Sequential, AnalogSGD) Aware(long seed)
        {
            var model = Mlp.Create([6, 5, 3], seed);
            model.ToAnalog(PcmPresets.HardwareAware, seed);
            return (model, new AnalogSGD(model.parameters(), 0.05));
        }
    }

    [Fact]
    public void OverwritesInOneStepAndKeepsTheOldOneWhenItFails()
    {
        using var folder = new TemporaryFolder();
        var (model, optimizer) = Fresh(Hardware);
        Checkpoint.Save(folder.At("run.ckpt"), model, optimizer);
        Train(model, optimizer, 0, 3);
        Checkpoint.Save(folder.At("run.ckpt"), model, optimizer);
        Checkpoint.Load(folder.At("run.ckpt"), model, optimizer);
        var exception = Assert.Throws<IOException>(() => Checkpoint.Save(folder.At("missing", "run.ckpt"), model, optimizer));
        Assert.Contains("could not be written", exception.Message, StringComparison.Ordinal);
        Assert.Equal(["run.ckpt"], folder.Files());
    }

    /// <summary>A file cut off is refused in one sentence that names it; one with a byte changed is refused, or gives what was saved.</summary>
    [Fact]
    public void RefusesDamage()
    {
        using var folder = new TemporaryFolder();
        var (model, optimizer) = Fresh(Hardware);
        Train(model, optimizer, 0, 3);
        var path = folder.At("run.ckpt");
        Checkpoint.Save(path, model, optimizer);
        var content = File.ReadAllBytes(path);
        var refused = 0;
        for (var i = 1; i < 60; i++)
        {
            File.WriteAllBytes(path, content[..(content.Length * i / 60)]);
            Refused(path, model, optimizer);
            var flipped = (byte[])content.Clone();
            flipped[content.Length * i / 60] ^= 0x55;
            File.WriteAllBytes(path, flipped);
            var (other, otherOptimizer) = Fresh(Hardware, seed: 99);
            try
            {
                Checkpoint.Load(path, other, otherOptimizer);
                foreach (var (name, tensor) in model.state_dict())
                    Assert.True(tensor.bytes.SequenceEqual(other.state_dict()[name].bytes), name);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 50, 59); // a few bytes of an archive, such as its times, nobody reads
    }

    [Fact]
    public void RefusesOtherModelsHardwareVersionsAndFiles()
    {
        using var folder = new TemporaryFolder();
        var path = folder.At("run.ckpt");
        var (model, optimizer) = Fresh(Hardware);
        Checkpoint.Save(path, model, optimizer);

        var (otherHardware, _) = Fresh(Hardware with { Backward = PcmPresets.EightBitPath });
        Assert.Contains("hardware", Refused(path, otherHardware, null), StringComparison.Ordinal);
        using var wider = Mlp.Create([6, 9, 3], 1);
        wider.ToAnalog(Hardware, 1);
        Assert.Contains("fc1.weight", Refused(path, wider, null), StringComparison.Ordinal);
        using var digital = Mlp.Create([6, 5, 3], 1);
        Refused(path, digital, null);

        using (var archive = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            string manifest;
            using (var reader = new StreamReader(archive.GetEntry("manifest.json")!.Open()))
                manifest = reader.ReadToEnd().Replace("\"Version\": 4", "\"Version\": 1", StringComparison.Ordinal);
            archive.GetEntry("manifest.json")!.Delete();
            using var writer = new StreamWriter(archive.CreateEntry("manifest.json").Open());
            writer.Write(manifest);
        }
        Assert.Contains("version 1", Refused(path, model, optimizer), StringComparison.Ordinal);
        File.WriteAllText(path, "not a checkpoint");
        Refused(path, model, optimizer);
        Assert.Throws<FileNotFoundException>(() => Checkpoint.Load(folder.At("none.ckpt"), model, optimizer));
    }

    private static string Refused(string path, nn.Module model, OptimizerHelper? optimizer)
    {
        var message = Assert.Throws<InvalidDataException>(() => Checkpoint.Load(path, model, optimizer)).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", message, StringComparison.Ordinal);
        return message;
    }

    private sealed class Holder : nn.Module
    {
        public Holder(nn.Module[] layers) : base(nameof(Holder))
        {
            foreach (var layer in layers)
                register_module(layer.GetType().Name, layer);
        }
    }

    private static (Sequential Model, AnalogSGD Optimizer) Fresh(TileConfig hardware, long seed = 5)
    {
        var model = Mlp.Create([6, 5, 3], seed);
        model.ToAnalog(hardware, seed);
        return (model, new AnalogSGD(model.parameters(), lr: 0.05));
    }

    private static void Train(Sequential model, AnalogSGD optimizer, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(Noise.Normal(new AnalogTorch.Core.Rng((ulong)step), [1, 6])).square().sum().backward();
            optimizer.step();
        }
    }
}
