// Compiled into a reference of its own, which nobody runs: it says to the compiler that these types of Microsoft.ML.Core exist. They are internal
// there,
// and the way for a transformer from outside ML.NET to be saved and loaded as ML.NET's own are.
namespace Microsoft.ML
{
    [System.AttributeUsage(System.AttributeTargets.Assembly, AllowMultiple = true)]
    public sealed class LoadableClassAttribute : System.Attribute
    {
        public LoadableClassAttribute(
            System.Type instType, System.Type loaderType, System.Type argType, System.Type sigType, string userName, params string[] loadNames)
        {
        }
    }

    public delegate void SignatureLoadModel(ModelLoadContext ctx);

    public sealed class ModelLoadContext
    {
        public readonly System.IO.BinaryReader Reader;

        public void CheckAtModel(VersionInfo ver) => throw null;
    }

    public sealed class ModelSaveContext
    {
        public readonly System.IO.BinaryWriter Writer;

        public void CheckAtModel() => throw null;

        public void SetVersionInfo(VersionInfo ver) => throw null;
    }

    public readonly struct VersionInfo
    {
        public VersionInfo(
            string modelSignature,
            uint verWrittenCur,
            uint verReadableCur,
            uint verWeCanReadBack,
            string loaderAssemblyName,
            string loaderSignature = null,
            string loaderSignatureAlt = null)
        {
        }
    }
}
