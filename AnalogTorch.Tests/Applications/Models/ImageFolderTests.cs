using AnalogTorch.Models.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Models;

public class ImageFolderTests
{
    private static readonly Preprocessing Small = Preprocessing.UnitRange with { ShorterSide = 8, Crop = 8 };

    [Fact]
    public void ClassesAreFoldersInTheOrderOfTheirNames()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Save(folder, "train/dog/1.png", 8, 8, new SKColor(255, 0, 0));
        Save(folder, "train/cat/b.png", 16, 24, new SKColor(0, 255, 0));
        Save(folder, "train/cat/a.PNG", 8, 8, new SKColor(0, 0, 255));
        File.WriteAllText(folder.At("train/cat/notes.txt"), "no image");
        using var set = ImageFolder.Load(folder.At("train"), Small);
        Assert.Equal(("train", 2, 3L), (set.Name, set.Classes, set.Count));
        Assert.Equal([0L, 0, 1], set.Labels.data<long>().ToArray());
        float[][] colours = [[0, 0, 1], [0, 1, 0], [1, 0, 0]];
        for (var i = 0; i < 3; i++)
            Assert.Equal(colours[i], set.Images[i].mean([1, 2]).data<float>().Select(value => MathF.Round(value, 4)));
    }

    [Fact]
    public void PixelsAreThoseOfTheFile()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using (var bitmap = new SKBitmap(3, 2))
        {
            bitmap.SetPixel(2, 1, new SKColor(10, 20, 30));
            Encode(bitmap, folder.At("x.png"));
        }
        var pixels = ImageFolder.Read(folder.At("x.png"));
        Assert.Equal([2L, 3, 3], pixels.shape);
        Assert.Equal([10, 20, 30], pixels[1, 2].data<byte>().Select(value => (int)value));
    }

    [Fact]
    public void WhatIsNotThereOrNoImageIsAnsweredByOneSentence()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("does not exist", Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.Load(folder.At("none"), Small)).Message);
        Directory.CreateDirectory(folder.At("train/cat"));
        Assert.Contains("holds 1 folders and no such file", Assert.Throws<InvalidDataException>(() => ImageFolder.Load(folder.At("train"), Small)).Message);
        File.WriteAllText(folder.At("train/cat/1.jpg"), "no image");
        Assert.Contains("cannot be read as one", Assert.Throws<InvalidDataException>(() => ImageFolder.Load(folder.At("train"), Small)).Message);
    }

    private static void Save(TemporaryFolder folder, string path, int width, int height, SKColor colour)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.At(path))!);
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(colour);
        Encode(bitmap, folder.At(path));
    }

    private static void Encode(SKBitmap bitmap, string path)
    {
        using var stream = File.Create(path);
        bitmap.Encode(stream, SKEncodedImageFormat.Png, 100);
    }
}
