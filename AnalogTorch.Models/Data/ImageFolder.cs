using AnalogTorch.Checkpoints;
using SkiaSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Models.Data;

/// <summary>Image files in a folder for each class: <c>train/cat/1.jpg</c>, <c>train/dog/2.png</c>.</summary>
/// <remarks>
/// Classes are the subfolders in the order of their names, as in torchvision's <c>ImageFolder</c>. JPEG, PNG, BMP, GIF and WebP are read, which takes
/// SkiaSharp's native library beside the application (package SkiaSharp.NativeAssets.Linux.NoDependencies on Linux; TorchSharp brings those
/// of Windows and macOS).
/// </remarks>
public static class ImageFolder
{
    /// <summary>Bytes of pixels to a byte of the file: what deflate does at most.</summary>
    private const long MostFolds = 1032;

    private const long Slack = 16 << 20;
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"];

    /// <summary>Reads all images, resized and cropped to one size.</summary>
    /// <param name="folder">The folder that holds a folder for each class.</param>
    /// <param name="size">What becomes of each image; only its sizes are used.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">It holds no folder with images, or a file is no image.</exception>
    public static ImageSet Load(string folder, Preprocessing size, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(size);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"Image folder '{folder}' does not exist: name the folder that holds a folder for each class.");
        var classes = Directory.GetDirectories(folder).Order(StringComparer.Ordinal).ToArray();
        var files = classes.Index().SelectMany(entry => Directory.GetFiles(entry.Item)
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal).Select(file => (File: file, Label: entry.Index))).ToArray();
        if (files.Length == 0)
        {
            throw new InvalidDataException(
                $"Image folder '{folder}' must hold a folder for each class with {string.Join(", ", Extensions)} files in it, but holds {classes.Length} folders and no such file.");
        }
        using var scope = NewDisposeScope();
        var images = empty([files.Length, 3, size.Crop, size.Crop]);
        foreach (var (row, (file, _)) in files.Index())
        {
            cancel.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            images[row].copy_(size.Fit(Read(file).unsqueeze(0)).squeeze(0));
        }
        return new(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), images, tensor(files.Select(file => (long)file.Label).ToArray()), classes.Length);
    }

    /// <summary>Reads one image file, uint8 [height, width, 3]; transparency is left out.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no image that is read here.</exception>
    public static Tensor Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no image '{path}': check the path.", path);
        using var file = WholeFile.OpenRead(path);
        using var encoded = SKData.Create(file);
        return Decode(encoded, $"'{path}'");
    }

    /// <summary>Decodes an image file that is in memory, uint8 [height, width, 3]; transparency is left out.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="InvalidDataException">It is no image that is read here.</exception>
    public static Tensor Decode(ReadOnlySpan<byte> file, string name)
    {
        using var encoded = SKData.CreateCopy(file);
        return Decode(encoded, name);
    }

    private static Tensor Decode(SKData? encoded, string name)
    {
        using var codec = encoded is null ? null : SKCodec.Create(encoded);
        if (codec is not null)
        {
            var bytes = 4L * codec.Info.Width * codec.Info.Height;
            if (bytes > MostFolds * encoded!.Size + Slack)
                throw new InvalidDataException($"{name} is an image of {codec.Info.Width}×{codec.Info.Height} pixels in a file of {encoded.Size} bytes, more than any packing can do: replace it or take it away.");
            var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            using var bitmap = new SKBitmap(info);
            if (codec.GetPixels(info, bitmap.GetPixels()) == SKCodecResult.Success)
            {
                using var scope = NewDisposeScope();
                var pixels = empty([info.Height, info.Width, 4], dtype: ScalarType.Byte);
                bitmap.GetPixelSpan().CopyTo(pixels.bytes);
                return pixels.narrow(2, 0, 3).contiguous().MoveToOuterDisposeScope();
            }
        }
        throw new InvalidDataException($"{name} must be a {string.Join(", ", Extensions)} image, but cannot be read as one: replace it or take it away.");
    }
}
