using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.Transfer;

/// <summary>Features are those of the network, are computed once, and whatever happened to the file.</summary>
public sealed class FeatureCacheTests : IDisposable
{
    private const int Images = 23, BatchSize = 5; // five blocks, the last of three

    private readonly TemporaryFolder folder = new();
    private readonly ImageSet images = GeneratedPatterns.Create(PatternClasses.Ten, Images, seed: 3);
    private readonly ImageNetwork network = Zoo.Backbone("resnet8_cifar", seed: 1);
    private readonly List<FeatureProgress> told = [];

    [Fact]
    public void TheyAreThoseOfTheNetworkAndComputedOnce()
    {
        using var scope = NewDisposeScope();
        network.train(); // the cache evaluates, and leaves the network as it was
        using (var first = Get())
        {
            Assert.True(network.training && network.modules().All(module => module.training));
            Assert.Equal((Images, 64L, 10), ((int)first.Rows, first.Width, first.Classes));
            Assert.Equal(images.Labels.data<long>().ToArray(), first.Labels);
            network.eval();
            using var noGrad = no_grad();
            var direct = cat([.. Preprocessing.Cifar.Normalize(images.Images).split(BatchSize).Select(network.call)]);
            Assert.True(direct.Equals(first.ReadAll()));
            Assert.True(direct.narrow(0, 7, 9).Equals(first.Read(7, 9)));
            Assert.Throws<ArgumentOutOfRangeException>(() => first.Read(20, 4));
        }
        Assert.Equal([0, 5, 10, 15, 20, 23], told.Select(progress => progress.Done));
        told.Clear();
        using var second = Get();
        Assert.Equal([23], told.Select(progress => progress.Done)); // nothing was left to do
    }

    [Fact]
    public void WorkThatWasEndedGoesOnAndGivesTheSameBits()
    {
        using var scope = NewDisposeScope();
        var whole = Whole();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Get(stop.Token, progress =>
        {
            if (progress.Done >= 10)
                stop.Cancel();
        }).Dispose());
        Assert.Contains("lacks 3 of 5 blocks", Assert.Throws<InvalidDataException>(() => FeatureFile.Open(OnlyFile())).Message);
        told.Clear();
        using var file = Get();
        Assert.Equal([10, 15, 20, 23], told.Select(progress => progress.Done));
        Assert.True(whole.Equals(file.ReadAll()));
    }

    [Theory]
    [InlineData(-10, 20)] // a row of the last block
    [InlineData(300, 18)] // the checksum of the first block
    [InlineData(112, 0)] // the label of an image, so that nothing is trusted
    [InlineData(3, 0)] // the mark
    [InlineData(20, 0)] // the key
    public void ADamagedFileIsMendedOrMadeAnew(int position, int kept)
    {
        using var scope = NewDisposeScope();
        var whole = Whole();
        using (Get())
        {
        }
        using (var stream = new FileStream(OnlyFile(), FileMode.Open, FileAccess.ReadWrite))
        {
            stream.Position = position < 0 ? stream.Length + position : position;
            var value = stream.ReadByte();
            stream.Position--;
            stream.WriteByte((byte)(value ^ 0x40));
        }
        Assert.Contains("compute", Assert.Throws<InvalidDataException>(() => FeatureFile.Open(OnlyFile()).Dispose()).Message);
        told.Clear();
        using var file = Get();
        Assert.Equal(kept, told[0].Done);
        Assert.True(whole.Equals(file.ReadAll()));
    }

    [Fact]
    public void AFileThatWasCutOffIsMadeAnew()
    {
        using var scope = NewDisposeScope();
        var whole = Whole();
        using (Get())
        {
        }
        using (var stream = new FileStream(OnlyFile(), FileMode.Open))
            stream.SetLength(stream.Length - 100);
        Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => FeatureFile.Open(OnlyFile())).Message);
        using var file = Get();
        Assert.True(whole.Equals(file.ReadAll()));
    }

    /// <summary>Other weights, another preprocessing, other images, other labels: another file each.</summary>
    [Fact]
    public void WhatFeaturesDependOnIsInTheKey()
    {
        var cache = new FeatureCache(folder.At("cache")) { BatchSize = BatchSize };
        using var other = Zoo.Backbone("resnet8_cifar", seed: 2);
        using var fewer = images.Take(Images - 1);
        using var relabelled = new ImageSet(images.Name, images.Images.clone(), images.Labels.flip(0), images.Classes);
        foreach (var (net, set, preprocessing) in new (ImageNetwork, ImageSet, Preprocessing)[]
        {
            (network, images, Preprocessing.Cifar), (other, images, Preprocessing.Cifar), (network, fewer, Preprocessing.Cifar),
            (network, relabelled, Preprocessing.Cifar), (network, images, Preprocessing.Cifar with { ShorterSide = 33 }),
            (network, images, new Preprocessing(32, 32, [0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f])),
        })
        {
            cache.GetOrCompute("resnet8_cifar", net, set, preprocessing).Dispose();
        }
        cache.GetOrCompute("another name", network, images, Preprocessing.Cifar).Dispose();
        Assert.Equal(7, Directory.GetFiles(cache.Folder).Length);
    }

    [Fact]
    public void FeaturesThatAreNoneAreRefusedInOneSentence()
    {
        using var maps = Sequential(("conv", Conv2d(3, 2, 3)));
        Assert.Contains("[1, features]", Assert.Throws<InvalidDataException>(() => new FeatureCache(folder.At("cache")).GetOrCompute("maps", maps, images, Preprocessing.Cifar)).Message);
        using (no_grad())
            network.parameters().First().fill_(float.NaN);
        Assert.Contains("not finite", Assert.Throws<InvalidDataException>(() => Get()).Message);
        File.WriteAllText(folder.At("file"), "");
        Assert.Contains("can be written to", Assert.Throws<IOException>(() => new FeatureCache(folder.At("file/cache")).GetOrCompute("x", Flat(), images, Preprocessing.Cifar)).Message);
    }

    public void Dispose()
    {
        images.Dispose();
        network.Dispose();
        folder.Dispose();
    }

    private static Module<Tensor, Tensor> Flat() => Sequential(("flat", Flatten()), ("fc", Linear(3 * 32 * 32, 2)));

    private Tensor Whole()
    {
        using var file = new FeatureCache(folder.At("whole")) { BatchSize = BatchSize }.GetOrCompute("resnet8_cifar", network, images, Preprocessing.Cifar);
        return file.ReadAll();
    }

    private string OnlyFile() => Directory.GetFiles(folder.At("cache")).Single();

    private FeatureFile Get(CancellationToken cancel = default, Action<FeatureProgress>? heard = null) =>
        new FeatureCache(folder.At("cache")) { BatchSize = BatchSize }.GetOrCompute("resnet8_cifar", network, images, Preprocessing.Cifar, new Ear(progress =>
        {
            told.Add(progress);
            heard?.Invoke(progress);
        }), cancel);

    private sealed class Ear(Action<FeatureProgress> heard) : IProgress<FeatureProgress>
    {
        public void Report(FeatureProgress value) => heard(value);
    }
}
